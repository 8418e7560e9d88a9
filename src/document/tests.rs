//! Tests of documents that hold for every syntax.

use std::path::Path;

use super::{Document, DocumentError, Shape, Syntax};
use crate::secret::Secret;

fn parse(text: &str, syntax: Syntax) -> Result<Document, DocumentError> {
    Document::parse(Path::new("mcp.json"), Secret::copy_of(text.as_bytes()), syntax)
}

#[test]
fn the_same_configuration_reads_the_same_in_every_syntax() {
    let texts = [
        (
            Syntax::Json,
            "{\"servers\": {\"a b\": {\"args\": [\"-y\", \"caf\\u00e9\"], \"off\": true, \"port\": 1}}}",
        ),
        (
            Syntax::Jsonc,
            "{ // one\n \"servers\": {\"a b\": {\"args\": [\"-y\", \"café\",], \"off\": true, \"port\": 1}} /* two */ }",
        ),
        (Syntax::Toml, "# one\n[servers.\"a b\"]\nargs = [\"-y\", 'café'] # two\noff = true\nport = 1\n"),
        (
            Syntax::Yaml,
            "# one\nservers:\n  a b:\n    args:\n    - -y\n    - \"caf\\xe9\" # two\n    off: true\n    port: 1\n",
        ),
    ];
    for (syntax, text) in texts {
        for text in [text.to_owned(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
            let document = parse(&text, syntax).unwrap();
            let server = document.root().get("servers").unwrap().get("a b").unwrap();
            assert_eq!(server.pointer().as_str(), "/servers/a b");
            let items: Vec<_> = server.get("args").unwrap().items().collect();
            assert!(items[0].text().unwrap().is("-y"), "{syntax:?}");
            assert!(items[1].text().unwrap().is("café"), "{syntax:?}");
            assert_eq!(items[1].pointer().as_str(), "/servers/a b/args/1");
            let written = document.text().expose();
            assert_eq!(&written[items[0].span()].trim_matches('"'), &"-y");
            assert_eq!(&written[items[0].content_span().unwrap()], "-y");
            assert_eq!(server.get("off").unwrap().boolean(), Some(true));
            assert_eq!(server.get("port").unwrap().shape(), Shape::Number);
            assert_eq!(&written[server.get("port").unwrap().span()], "1");
            assert_eq!(&written[server.get("port").unwrap().key_span().unwrap()].trim_matches('"'), &"port");
            let keys: Vec<_> = server.members().map(|(key, _)| key.expose()).collect();
            assert_eq!(keys, ["args", "off", "port"]);
        }
    }
}
