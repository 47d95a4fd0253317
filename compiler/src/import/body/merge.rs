//! Several media types of one body: their arguments brought together.
//!
//! Arguments that mean the same (one wire name, equal schemas) are one argument. What every media
//! type needs is required; what only some need is said with `if` and `then`.

use serde_json::{Map, Value, json};

use super::{BodyPlan, Field, Form};
use crate::import::arguments::Target;

/// A form and where its fields are in the body's list.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The media type as it is named and sent.
    pub(super) name: String,
    pub(super) form: Form,
    /// The body's field for each of the form's.
    pub(super) places: Vec<usize>,
}

/// What one media type asks of the arguments, by name.
#[derive(Clone, Debug, Default, PartialEq)]
struct Needs {
    required: Vec<String>,
    dependent: Map<String, Value>,
    choices: Map<String, Value>,
}

/// Brings forms together, the default first.
pub(super) fn merge(forms: Vec<(String, Form)>, optional: bool) -> BodyPlan {
    let mut plan = BodyPlan { fields: Vec::new(), optional, entries: Vec::new(), select: None, empty: None };
    for (name, form) in forms {
        let mut places = Vec::new();
        for field in &form.fields {
            let same = |known: &Field| known.wire == field.wire && known.schema == field.schema;
            let known = plan.fields.iter().position(same).filter(|place| !places.contains(place));
            places.push(known.unwrap_or(plan.fields.len()));
            if known.is_none() {
                let target = if plan.entries.is_empty() { Target::Body } else { Target::BodyAs(form.suffix()) };
                plan.fields.push(Field { target, ..field.clone() });
            }
        }
        plan.entries.push(Entry { name, form, places });
    }
    if plan.entries.len() > 1 {
        describe_ready_bodies(&mut plan);
        plan.select = Some(plan.fields.len());
        plan.fields.push(select_field(&plan.entries));
    } else if optional && plan.entries.first().is_some_and(|entry| entry.form.may_be_empty()) {
        plan.empty = Some(plan.fields.len());
        plan.fields.push(empty_field());
    }
    plan
}

/// No body and a body without fields are two things; naming a media type asks for the second, and
/// where there is nothing to name, this does.
fn empty_field() -> Field {
    let description = "`true` sends the body even if it has no fields.";
    let schema = json!({"type": "boolean", "description": description});
    Field { wire: "empty_body".to_owned(), schema, required: false, target: Target::Select }
}

/// An argument that is a whole body says when it counts.
fn describe_ready_bodies(plan: &mut BodyPlan) {
    for (index, field) in plan.fields.iter_mut().enumerate() {
        let users: Vec<&Entry> = plan.entries.iter().filter(|entry| entry.places.contains(&index)).collect();
        if users.len() == plan.entries.len() || !users.iter().all(|entry| entry.form.is_whole()) {
            continue;
        }
        let names: Vec<String> = users.iter().map(|entry| format!("`{}`", entry.name)).collect();
        let Value::Object(schema) = &mut field.schema else { continue };
        let ready = format!("The whole body, for {}.", names.join(" and "));
        let text = match schema.get("description").and_then(Value::as_str) {
            Some(known) => format!("{ready} {known}"),
            None => ready,
        };
        schema.insert("description".to_owned(), text.into());
    }
}

fn select_field(entries: &[Entry]) -> Field {
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let schema = json!({
        "type": "string",
        "description": "The media type of the body.",
        "enum": names,
        "default": names.first(),
    });
    Field { wire: "content_type".to_owned(), schema, required: false, target: Target::Select }
}

impl BodyPlan {
    /// What the input schema says about the body's arguments beside their own schemas: the names
    /// that are required, and further keywords.
    pub(in crate::import) fn conditions(&self, names: &[String]) -> (Vec<String>, Map<String, Value>) {
        let mut needs: Vec<Needs> = self.entries.iter().map(|entry| Needs::of(entry, names)).collect();
        let common = take_common(&mut needs);
        let mut keywords = common.keywords();
        let select = self.select.and_then(|index| names.get(index));
        if let Some(select) = select {
            keywords.extend(conditional(select, &self.entries, &needs));
        }
        (common.required, keywords)
    }
}

impl Needs {
    fn of(entry: &Entry, names: &[String]) -> Self {
        let name = |index: &usize| entry.places.get(*index).and_then(|place| names.get(*place)).cloned();
        let list = |set: &Vec<usize>| set.iter().filter_map(name).collect::<Vec<String>>();
        let required = entry.form.fields.iter().enumerate().filter(|(_, field)| field.required);
        let dependent =
            entry.form.dependent.iter().filter_map(|(index, needed)| Some((name(index)?, list(needed).into())));
        let set = |set: &Vec<usize>| json!({"required": list(set)});
        let choices = entry.form.choices.iter();
        Self {
            required: required.filter_map(|(index, _)| name(&index)).collect(),
            dependent: dependent.collect(),
            choices: choices.map(|(key, sets)| ((*key).to_owned(), sets.iter().map(set).collect())).collect(),
        }
    }

    fn keywords(&self) -> Map<String, Value> {
        let mut keywords = Map::new();
        if !self.dependent.is_empty() {
            keywords.insert("dependentRequired".to_owned(), Value::Object(self.dependent.clone()));
        }
        keywords.extend(self.choices.clone());
        keywords
    }

    fn schema(&self) -> Map<String, Value> {
        let mut schema = Map::new();
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), self.required.clone().into());
        }
        schema.extend(self.keywords());
        schema
    }
}

/// Takes what all need out of each.
fn take_common(needs: &mut [Needs]) -> Needs {
    let Some(first) = needs.first().cloned() else { return Needs::default() };
    let all = |same: &dyn Fn(&Needs) -> bool| needs.iter().all(same);
    let common = Needs {
        required: first.required.iter().filter(|name| all(&|it| it.required.contains(name))).cloned().collect(),
        dependent: if all(&|it| it.dependent == first.dependent) { first.dependent.clone() } else { Map::new() },
        choices: if all(&|it| it.choices == first.choices) { first.choices.clone() } else { Map::new() },
    };
    for it in needs {
        it.required.retain(|name| !common.required.contains(name));
        if !common.dependent.is_empty() {
            it.dependent = Map::new();
        }
        if !common.choices.is_empty() {
            it.choices = Map::new();
        }
    }
    common
}

/// What is left, under the media types that need it: one `if` after the other, the default's first.
/// It holds without the argument too, so the tests behind it know that there is one. There is no
/// `allOf` about them, because some clients take none at the root of an input.
fn conditional(select: &str, entries: &[Entry], needs: &[Needs]) -> Map<String, Value> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (entry, needs) in entries.iter().zip(needs) {
        match groups.iter_mut().find(|group| group.needs == needs) {
            Some(group) => group.names.push(&entry.name),
            None => groups.push(Group { names: vec![&entry.name], needs }),
        }
    }
    // Those that need nothing more are what is left in the end.
    let rest = groups.get_mut(1..).unwrap_or_default();
    rest.sort_by_key(|group| *group.needs == Needs::default());
    chain(select, &groups)
}

/// Media types that need the same.
struct Group<'a> {
    names: Vec<&'a str>,
    needs: &'a Needs,
}

fn chain(select: &str, groups: &[Group<'_>]) -> Map<String, Value> {
    let Some((first, others)) = groups.split_first() else { return Map::new() };
    if others.is_empty() {
        return first.needs.schema();
    }
    let one_of = match first.names.as_slice() {
        [only] => json!({"const": only}),
        several => json!({"enum": several}),
    };
    let rules = [("then", first.needs.schema()), ("else", chain(select, others))];
    let rules = rules.into_iter().filter(|(_, schema)| !schema.is_empty());
    let rules: Map<String, Value> = rules.map(|(key, schema)| (key.to_owned(), Value::Object(schema))).collect();
    if rules.is_empty() {
        return rules;
    }
    let test = ("if".to_owned(), json!({"properties": {select: one_of}}));
    std::iter::once(test).chain(rules).collect()
}
