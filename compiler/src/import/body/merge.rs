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
    let mut plan = BodyPlan { fields: Vec::new(), optional, entries: Vec::new(), select: None };
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
    }
    plan
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

    fn schema(&self) -> Option<Value> {
        let mut schema = Map::new();
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), self.required.clone().into());
        }
        schema.extend(self.keywords());
        (!schema.is_empty()).then_some(Value::Object(schema))
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

/// What is left, under the media types that need it. Where there are two kinds of needs, one `if`
/// tells them apart: it names the media types of the first, which holds without the argument too.
fn conditional(select: &str, entries: &[Entry], needs: &[Needs]) -> Map<String, Value> {
    let mut groups: Vec<(Vec<&str>, &Needs)> = Vec::new();
    for (entry, needs) in entries.iter().zip(needs) {
        match groups.iter_mut().find(|(_, known)| *known == needs) {
            Some((names, _)) => names.push(&entry.name),
            None => groups.push((vec![&entry.name], needs)),
        }
    }
    match groups.as_slice() {
        [] | [_] => Map::new(),
        [(names, first), (_, second)] => condition(test(select, names, Absent::Holds), first, Some(second)),
        [(names, first), others @ ..] => {
            let default = condition(test(select, names, Absent::Holds), first, None);
            let others = others.iter().map(|(names, needs)| condition(test(select, names, Absent::Fails), needs, None));
            let all = std::iter::once(default).chain(others).filter(|it| !it.is_empty()).map(Value::Object);
            Map::from_iter([("allOf".to_owned(), all.collect())])
        }
    }
}

/// What a test says when the selecting argument is not given.
#[derive(Clone, Copy)]
enum Absent {
    Holds,
    Fails,
}

fn test(select: &str, names: &[&str], absent: Absent) -> Value {
    let one_of = match names {
        [only] => json!({"const": only}),
        several => json!({"enum": several}),
    };
    match absent {
        Absent::Holds => json!({"properties": {select: one_of}}),
        Absent::Fails => json!({"properties": {select: one_of}, "required": [select]}),
    }
}

fn condition(test: Value, then: &Needs, otherwise: Option<&Needs>) -> Map<String, Value> {
    let then = then.schema().map(|schema| ("then".to_owned(), schema));
    let otherwise = otherwise.and_then(Needs::schema).map(|schema| ("else".to_owned(), schema));
    let rules: Vec<(String, Value)> = then.into_iter().chain(otherwise).collect();
    if rules.is_empty() {
        return Map::new();
    }
    std::iter::once(("if".to_owned(), test)).chain(rules).collect()
}
