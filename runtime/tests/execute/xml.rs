//! XML bodies on the wire, read again by a parser that knows nothing of this project.

use std::path::Path;

use roxmltree::{Document, Node};
use serde_json::json;

use super::imported::Imported;

async fn herbarium() -> Imported {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/openapi/xml.yaml");
    Imported::of(&std::fs::read_to_string(path).unwrap()).await
}

fn children<'a>(node: Node<'a, 'a>) -> Vec<Node<'a, 'a>> {
    node.children().filter(Node::is_element).collect()
}

fn shape(node: Node<'_, '_>) -> String {
    let inner: Vec<String> = children(node).into_iter().map(shape).collect();
    let name = node.tag_name().name();
    if inner.is_empty() { name.to_owned() } else { format!("{name}({})", inner.join(" ")) }
}

#[tokio::test]
async fn names_attributes_wrappers_and_namespaces_are_as_the_document_says() {
    let api = herbarium().await;
    let arguments = json!({
        "name": "Fern", "id": 7, "rare": null, "names": ["a", "b"],
        "places": [{"land": "NO", "altitude": 3.0}, {"altitude": 4.5}], "leaves": ["x"],
        "author": {"given": "Ada", "family name": "L"},
        "hybrids": [{"name": "Child", "id": 8, "hybrids": [{"name": "Grandchild", "names": ["c"]}]}],
        "more": {"free": [1, {"deep": true}]},
    });
    let seen = api.call("add_plant", arguments).await.unwrap();
    assert_eq!(seen.header("content-type").unwrap(), "application/xml");
    let text = seen.text();
    let document = Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(
        shape(root),
        "plant(name rare alias alias habitats(habitat(altitude) habitat(altitude)) leaves(leaves) \
         creator(given family_name) hybrids(plant(name hybrids(plant(name alias)))) more(free free(deep)))"
    );
    assert_eq!(root.attribute("id"), Some("7"));
    assert_eq!(root.descendants().find(|it| it.has_tag_name("habitat")).unwrap().attribute("land"), Some("NO"));
    let rare = root.children().find(|it| it.has_tag_name("rare")).unwrap();
    assert_eq!(rare.attribute(("http://www.w3.org/2001/XMLSchema-instance", "nil")), Some("true"));
    let dublin_core = "http://purl.org/dc/elements/1.1/";
    let creator = root.descendants().find(|it| it.tag_name().name() == "creator").unwrap();
    assert_eq!(creator.tag_name().namespace(), Some(dublin_core));
    let spaces: Vec<Option<&str>> = children(creator).iter().map(|it| it.tag_name().namespace()).collect();
    assert_eq!(spaces, [Some(dublin_core), None]);
    let altitudes: Vec<&str> =
        root.descendants().filter(|it| it.has_tag_name("altitude")).filter_map(|it| it.text()).collect();
    assert_eq!(altitudes, ["3", "4.5"]);
}

#[tokio::test]
async fn a_list_at_the_root_has_one_element_around_it() {
    let api = herbarium().await;
    let seen = api.call("set_plants", json!({"body": [{"name": "A", "id": 1}, {"name": "B"}]})).await.unwrap();
    assert_eq!(seen.header("content-type").unwrap(), "text/xml");
    let text = seen.text();
    let document = Document::parse(&text).unwrap();
    assert_eq!(shape(document.root_element()), "plants(plant(name) plant(name))");
    assert_eq!(document.root_element().tag_name().namespace(), Some("https://herbarium.example.com/ns"));
    let seen = api.call("set_plants", json!({"body": []})).await.unwrap();
    assert_eq!(shape(Document::parse(&seen.text()).unwrap().root_element()), "plants");
}

#[tokio::test]
async fn text_cdata_and_members_without_a_node() {
    let api = herbarium().await;
    let seen = api.call("set_label", json!({"lang": "no", "text": "a < b"})).await.unwrap();
    assert_eq!(seen.header("content-type").unwrap(), "application/vnd.label+xml");
    let text = seen.text();
    let document = Document::parse(&text).unwrap();
    let label = document.root_element();
    assert_eq!((label.tag_name().namespace(), label.text()), (Some("urn:label"), Some("a < b")));
    assert_eq!(label.attribute((roxmltree::NS_XML_URI, "lang")), Some("no"));
    let source = "if (a < b && c) { x(']]>') } </script>";
    let arguments = json!({"source": source, "options": {"mode": "\"fast\"", "note": "n"}});
    let seen = api.call("add_script", arguments).await.unwrap();
    let text = seen.text();
    let document = Document::parse(&text).unwrap();
    let script = document.root_element();
    assert_eq!(shape(script), "script(note)");
    assert_eq!(script.attribute("mode"), Some("\"fast\""));
    let content: String = script.children().filter(Node::is_text).filter_map(|it| it.text()).collect();
    assert_eq!(content, source);
    assert!(api.call("set_label", json!({})).await.unwrap().body.is_empty());
}

#[tokio::test]
async fn no_value_adds_an_element_or_an_attribute() {
    let api = herbarium().await;
    let hostile = [
        "</name><admin>true</admin><name>",
        "\" admin=\"true",
        "&lt;x&gt; &amp; &#60;",
        "<!-- --> <?php ?> <![CDATA[ ]]>",
        "]]>",
        "a\tb\nc\rd  e",
        "é ☃ 𝄞 \u{85}\u{2028}",
    ];
    for value in hostile {
        let arguments = json!({
            "name": value, "places": [{"land": value}], "author": {"given": value}, "more": {"k": value},
        });
        let seen = api.call("add_plant", arguments).await.unwrap();
        let text = seen.text();
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(shape(root), "plant(name habitats(habitat) creator(given) more(k))", "{text}");
        let of = |name: &str| root.descendants().find(|it| it.tag_name().name() == name).unwrap();
        for name in ["name", "given", "k"] {
            assert_eq!(of(name).text(), Some(value), "{text}");
        }
        assert_eq!(of("habitat").attribute("land"), Some(value), "{text}");
        assert_eq!(root.descendants().map(|it| it.attributes().len()).sum::<usize>(), 1, "{text}");
    }
}

#[tokio::test]
async fn what_xml_cannot_have_is_refused_with_the_name_of_the_argument() {
    let api = herbarium().await;
    for value in ["a\0b", "\u{1b}[31m", "\u{ffff}", "\u{b}"] {
        let error = api.refusal("add_plant", json!({"name": value})).await;
        assert!(error.contains("`name` has a control character"), "{error}");
        let error = api.refusal("add_plant", json!({"name": "a", "places": [{"land": value}]})).await;
        assert!(error.contains("`places.land` has a control character"), "{error}");
        let error = api.refusal("add_script", json!({"source": value})).await;
        assert!(error.contains("`source` has a control character"), "{error}");
    }
    for key in ["a b", "x><y", "a:b", "1st", "", "a=\"b\"", "?pi", "!--"] {
        let error = api.refusal("add_plant", json!({"name": "a", "more": {key: "v"}})).await;
        assert!(error.contains("`more.") && error.contains("is not a name"), "{error}");
    }
}

#[tokio::test]
async fn a_ready_document_goes_as_it_is() {
    let api = herbarium().await;
    let ready = "<?xml version='1.0'?>\r\n<any a=\"1\">é<b/></any>";
    let seen = api.call("add_anything", json!({"body": ready})).await.unwrap();
    assert_eq!((seen.header("content-type").unwrap().as_str(), seen.text().as_str()), ("application/xml", ready));
}
