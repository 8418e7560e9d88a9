//! What publishers declare, and what hostile ones do.

use std::fs;
use std::io::Write;

use serde_json::json;
use zip::write::SimpleFileOptions;

use super::*;
use crate::catalog::recognition::recognise;
use crate::catalog::server::{Form, SecretKind, Setup, Transport};

fn declared(value: &Value) -> Published {
    declaration(&serde_json::to_vec(value).unwrap(), false).unwrap()
}

/// `NAME`, with `?` where it is optional.
fn needs(published: &Published, transport: Transport) -> Vec<String> {
    let mark = |optional| if optional { "?" } else { "" };
    let alternatives = published.server.alternatives_for(transport, None);
    alternatives
        .flat_map(|it| &it.credentials)
        .map(|it| format!("{}{}", it.name, mark(it.optional)))
        .collect()
}

/// As GitHub declares its own server: the secret is a variable in the value of an argument of Docker.
fn github() -> Value {
    json!({
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "io.github.acme/code-server",
        "title": "Code",
        "description": "Code hosting.\nWith  issues.",
        "repository": {"url": "https://acme.example/code", "source": "github"},
        "version": "1.0.0",
        "packages": [{
            "registryType": "oci",
            "identifier": "docker.io/acme/code-server:1.0.0",
            "transport": {"type": "stdio"},
            "runtimeArguments": [
                {"type": "named", "name": "-p", "value": "127.0.0.1:8085:8085"},
                {"type": "named", "name": "-e", "value": "CALLBACK_PORT=8085"},
                {"type": "named", "name": "-e", "value": "CODE_TOKEN={token}", "isRequired": false,
                 "variables": {"token": {"isSecret": true, "format": "string", "description": "A token"}}},
                {"type": "positional", "value": "--env"},
                {"type": "positional", "value": "CODE_SECRET={s}", "isRequired": true,
                 "variables": {"s": {"isSecret": true, "isRequired": true}}},
            ],
        }],
        "remotes": [{
            "type": "streamable-http",
            "url": "https://api.code.example/mcp/",
            "headers": [{"name": "Authorization", "isSecret": true}],
        }],
    })
}

#[test]
fn a_secret_in_the_arguments_of_a_container_is_the_variable_that_it_sets() {
    let published = declared(&github());
    let server = &published.server;
    assert_eq!((server.id.as_str(), server.name.as_str()), ("code-server", "Code"));
    assert_eq!(server.note.as_deref(), Some("Code hosting. With issues."));
    assert_eq!(server.page.as_deref(), Some("https://acme.example/code"));
    assert_eq!(needs(&published, Transport::Local), ["CODE_TOKEN?", "CODE_SECRET"]);
    assert_eq!(server.requirement("CODE_TOKEN").unwrap().token.as_deref(), Some("A token"));
    assert_eq!(server.companions, ["CALLBACK_PORT"]);
    assert_eq!(needs(&published, Transport::Remote), ["CODE_SERVER_TOKEN?"]);
    let header = server.requirement("CODE_SERVER_TOKEN").unwrap().header.clone().unwrap();
    assert_eq!(String::from(header), "Authorization: Bearer {token}");
    let servers = std::slice::from_ref(server);
    let line = ["run", "-i", "--rm", "acme/code-server:2"];
    assert!(recognise(servers, Some("docker"), &line, None).is_some());
    assert!(recognise(servers, None, &[], Some("https://api.code.example/mcp/x")).is_some());
}

#[test]
fn both_generations_of_the_schema_are_read() {
    for (packages, kind, name, variables, secret, required) in [
        ("packages", "registryType", "identifier", "environmentVariables", "isSecret", "isRequired"),
        ("packages", "registry_type", "identifier", "environment_variables", "is_secret", "is_required"),
        ("packages", "registry_name", "name", "environment_variables", "is_secret", "is_required"),
    ] {
        let variable = |called: &str, is_secret: Option<bool>, is_required: bool| {
            let mut value = json!({"name": called, required: is_required});
            if let Some(is_secret) = is_secret {
                value[secret] = is_secret.into();
            }
            value
        };
        let published = declared(&json!({
            "name": "io.acme/tickets",
            packages: [{
                kind: "npm", name: "@acme/tickets-mcp", "version": "1",
                variables: [
                    variable("ACME_LOGIN", Some(true), true),
                    // Nobody said, and the name speaks.
                    variable("ACME_API_KEY", None, false),
                    variable("ACME_MAX_TOKENS", None, false),
                    variable("ACME_SESSION_KEY", Some(false), false),
                    variable("not a name", Some(true), true),
                ],
            }],
        }));
        assert_eq!(needs(&published, Transport::Local), ["ACME_LOGIN", "ACME_API_KEY?"], "{kind}");
        assert_eq!(published.server.companions, ["ACME_MAX_TOKENS", "ACME_SESSION_KEY"]);
        assert_eq!(published.server.known_by.npm, ["@acme/tickets-mcp"]);
        assert_eq!(published.server.setup, Setup::Moderate);
    }
}

#[test]
fn arguments_headers_and_urls_carry_secrets_too() {
    let published = declared(&json!({
        "name": "io.acme/tickets",
        "packages": [{
            "registryType": "pypi", "identifier": "acme-tickets==1",
            "packageArguments": [
                {"type": "named", "name": "--api-key", "isSecret": true, "isRequired": true},
                {"type": "positional", "valueHint": "dsn", "isSecret": true},
                {"type": "named", "name": "--region", "choices": ["eu", "us"]},
                {"type": "named", "name": "--key", "value": "fixed"},
            ],
            "environmentVariables": [
                {"name": "AUTH", "value": "Bearer {t}", "variables": {"t": {"isSecret": true, "isRequired": true}}},
                {"name": "ACME_KEY_FILE", "isSecret": true, "format": "filepath"},
                {"name": "DEEP", "value": "{a}", "variables": {"a": {"value": "{b}", "variables": {
                    "b": {"isSecret": true}}}}},
            ],
        }],
        "remotes": [{
            "type": "streamable-http",
            "url": "https://{tenant}.acme.example/t/{key}/mcp?apiKey={query}",
            "variables": {
                "tenant": {"isRequired": true},
                "key": {"isSecret": true, "isRequired": true},
                "query": {"isSecret": true},
            },
            "headers": [
                {"name": "X-Api-Key", "value": "k={mine}", "variables": {"mine": {"isSecret": true}}},
                {"name": "X-Region", "value": "eu"},
            ],
        }],
    }));
    let server = &published.server;
    let one = |name: &str| server.requirement(name).unwrap_or_else(|| panic!("{name}: {server:#?}"));
    assert_eq!(one("TICKETS_API_KEY").flags, ["--api-key"]);
    assert!(one("TICKETS_DSN").positional && one("TICKETS_DSN").kind == SecretKind::ConnectionString);
    assert_eq!(one("AUTH").form, Some(Form::Bearer));
    assert_eq!(one("ACME_KEY_FILE").kind, SecretKind::Path);
    assert!(one("DEEP").optional);
    assert!(one("TICKETS_KEY").in_path && !one("TICKETS_KEY").optional);
    assert_eq!(one("TICKETS_QUERY").query, ["apiKey"]);
    assert_eq!(String::from(one("TICKETS_MINE").header.clone().unwrap()), "X-Api-Key: k={token}");
    assert_eq!(server.known_by.urls, ["*.acme.example/t"]);
    assert_eq!(server.known_by.pypi, ["acme-tickets"]);
    assert!(server.requirement("TICKETS_REGION").is_none());
}

#[test]
fn an_answer_of_the_registry_is_read_where_it_is_about_one_server() {
    let answer = json!({"servers": [{"server": github(), "_meta": {}}], "metadata": {"count": 1}});
    assert_eq!(declared(&answer).server.id, "code-server");
    let several = json!({"servers": [github(), github()]});
    let error = declaration(&serde_json::to_vec(&several).unwrap(), false).unwrap_err();
    assert!(error.to_string().contains("2 servers"), "{error}");
}

fn manifest() -> Value {
    json!({
        "manifest_version": "0.3",
        "name": "acme-tickets",
        "display_name": "Tickets of Acme",
        "version": "1.2.0",
        "description": "Reads tickets",
        "author": {"name": "Acme"},
        "documentation": "https://acme.example/docs",
        "server": {
            "type": "binary",
            "entry_point": "server/tickets",
            "mcp_config": {
                "command": "${__dirname}/server/tickets-mcp",
                "args": ["--secret=${user_config.secret}", "--pin", "${user_config.pin}", "${user_config.password}"],
                "env": {
                    "ACME_API_TOKEN": "${user_config.api_token}",
                    "ACME_HEADER": "Bearer ${user_config.header_key}",
                    "ACME_URL": "${user_config.base_url}",
                },
                "platform_overrides": {"win32": {
                    "command": "${__dirname}\\server\\tickets-mcp.exe",
                    "env": {"ACME_TOKEN_WIN": "${user_config.api_token}"},
                }},
            },
        },
        "user_config": {
            "api_token": {"type": "string", "title": "API token", "description": "Under Settings", "sensitive": true,
                          "required": true, "default": "x"},
            "base_url": {"type": "string", "title": "URL", "description": "Your instance", "default": "https://a"},
            "header_key": {"type": "string", "title": "Key", "description": "", "required": true},
            "secret": {"type": "string", "title": "Secret", "description": "A secret"},
            "pin": {"type": "string", "title": "PIN", "description": "A PIN", "sensitive": true},
            "password": {"type": "string", "title": "Password", "description": "x", "sensitive": false},
            "token_limit": {"type": "number", "title": "Limit", "description": "x"},
            "key_file": {"type": "file", "title": "Key", "description": "x"},
            "max": {"type": "number", "title": "API key", "description": "a number"},
        },
    })
}

#[test]
fn a_manifest_says_what_a_person_is_asked_for_and_what_becomes_of_it() {
    let published = declared(&manifest());
    let server = &published.server;
    assert_eq!(published.origin, Origin::Bundle);
    assert_eq!((server.id.as_str(), server.name.as_str()), ("acme-tickets", "Tickets of Acme"));
    assert_eq!(server.page.as_deref(), Some("https://acme.example/docs"));
    let one = |name: &str| server.requirement(name).unwrap_or_else(|| panic!("{name}: {server:#?}"));
    // A default does not stand in for what is required.
    assert!(!one("ACME_API_TOKEN").optional && one("ACME_API_TOKEN").aliases == ["ACME_TOKEN_WIN"]);
    assert_eq!(one("ACME_HEADER").form, Some(Form::Bearer));
    assert_eq!(one("ACME_TICKETS_SECRET").flags, ["--secret"]);
    assert_eq!(one("ACME_TICKETS_PIN").flags, ["--pin"]);
    assert!(one("ACME_TICKETS_PASSWORD").positional);
    assert_eq!(server.companions, ["ACME_URL"]);
    assert_eq!(server.known_by.commands, ["tickets-mcp"]);
}

#[test]
fn secrets_that_are_not_marked_are_listed_with_the_way_to_them() {
    let unmarked: Vec<(String, String)> = declared(&manifest())
        .unmarked
        .into_iter()
        .map(|it| (it.key, it.pointer.as_str().to_owned()))
        .collect();
    let expected = ["header_key", "password", "secret"];
    assert_eq!(unmarked.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(unmarked[0].1, "/user_config/header_key");
}

#[test]
fn every_version_of_the_manifest_is_read() {
    for (key, version) in [
        ("dxt_version", "0.1"),
        ("manifest_version", "0.1"),
        ("manifest_version", "0.2"),
        ("manifest_version", "0.4"),
    ] {
        let mut manifest = manifest();
        manifest.as_object_mut().unwrap().remove("manifest_version");
        manifest[key] = version.into();
        assert_eq!(declared(&manifest).origin, Origin::Bundle);
    }
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read_bytes(bytes: &[u8]) -> Result<Published, PublisherError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    read(&path)
}

#[test]
fn a_bundle_is_looked_into_whatever_it_is_called_and_signed_or_not() {
    let manifest = serde_json::to_vec_pretty(&manifest()).unwrap();
    let mut bundle = archive(&[
        ("server/manifest.json", b"no"),
        ("server/index.js", b"//"),
        ("manifest.json", &manifest),
        ("icon.png", b"x"),
    ]);
    assert_eq!(read_bytes(&bundle).unwrap().server.id, "acme-tickets");
    bundle.extend_from_slice(b"MCPB_SIG_V1");
    bundle.extend_from_slice(&[7; 3000]);
    bundle.extend_from_slice(b"MCPB_SIG_END");
    assert_eq!(read_bytes(&bundle).unwrap().server.id, "acme-tickets");
    let marked = [&b"\xef\xbb\xbf"[..], &manifest].concat();
    assert_eq!(read_bytes(&marked).unwrap().server.id, "acme-tickets");
}

#[test]
fn what_is_no_declaration_is_refused_in_words_of_our_own() {
    let canary = "ghp_CANARY0000000000000000000000000000000";
    let bomb = archive(&[("manifest.json", &vec![b' '; 64 * 1024 * 1024])]);
    assert!(bomb.len() < 1024 * 1024);
    let large = vec![b' '; usize::try_from(MAX_DECLARATION).unwrap() + 1];
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    let cut = archive(&[("manifest.json", b"{}"), ("a", &[0; 9000])]);
    for (bytes, words) in [
        (b"".to_vec(), "line 1, column 1"),
        (format!("{{\"name\": \"{canary}\", ]").into_bytes(), "not JSON at line 1"),
        (format!("{{\"name\": \"{canary}\"}}").into_bytes(), "neither"),
        (b"[]".to_vec(), "neither"),
        (b"\"x\"".to_vec(), "neither"),
        (deep.into_bytes(), "not JSON"),
        (b"{\"name\": \"\xff\"}".to_vec(), "not JSON"),
        (large, "larger than 4 MiB"),
        (bomb, "larger than 4 MiB"),
        (archive(&[("package.json", b"{}")]), "no bundle"),
        (archive(&[]), "no bundle"),
        (archive(&[("manifest.json", b"{}")]), "neither"),
        (archive(&[("manifest.json", canary.as_bytes())]), "not JSON"),
        (cut[..cut.len() / 2].to_vec(), "can't be read"),
        (b"PK\x03\x04".to_vec(), "can't be read"),
    ] {
        let error = read_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("CANARY"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path()).unwrap_err().to_string().contains("not a regular file"));
    assert!(read(&folder.path().join("none")).unwrap_err().to_string().contains("can't be read"));
}

#[test]
fn values_of_the_wrong_shape_are_passed_over() {
    let odd = [
        json!(null),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        json!([[]]),
        json!({"a": [1]}),
        json!([{}]),
    ];
    let replace_each = |base: &Value| {
        let mut pointers = Vec::new();
        collect(base, &mut String::new(), &mut pointers);
        for pointer in pointers {
            for value in &odd {
                let mut changed = base.clone();
                *changed.pointer_mut(&pointer).unwrap() = value.clone();
                let text = serde_json::to_vec(&changed).unwrap();
                if let Ok(published) = declaration(&text, false) {
                    crate::catalog::own::check_server(&published.server)
                        .unwrap_or_else(|why| panic!("{pointer} {value}: {why}\n{:#?}", published.server));
                }
            }
        }
    };
    replace_each(&github());
    replace_each(&manifest());
}

fn collect(value: &Value, way: &mut String, pointers: &mut Vec<String>) {
    pointers.push(way.clone());
    let length = way.len();
    let mut down = |key: &str, value: &Value| {
        way.push('/');
        way.push_str(&key.replace('~', "~0").replace('/', "~1"));
        collect(value, way, pointers);
        way.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| down(key, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| down(&at.to_string(), value)),
        _ => {}
    }
}

#[test]
fn words_of_a_publisher_stay_on_one_line_and_short() {
    let mut value = github();
    value["title"] = "\u{1b}[2J a\nb".into();
    value["description"] = "x ".repeat(100_000).into();
    value["name"] = format!("io.acme/{}", "Ü-ber ".repeat(1000)).into();
    value["websiteUrl"] = "javascript:alert(1)".into();
    let server = declared(&value).server;
    assert_eq!(server.name, "[2J a b");
    assert!(server.note.unwrap().chars().count() <= 201);
    assert!(server.id.len() <= 63 && server.id.starts_with("ber-ber"), "{}", server.id);
    assert_eq!(server.page.as_deref(), Some("https://acme.example/code"));
}

#[test]
fn an_archive_with_any_byte_changed_is_read_or_refused() {
    let bundle = archive(&[("a", b"x"), ("manifest.json", &serde_json::to_vec(&manifest()).unwrap())]);
    for at in 0..bundle.len() {
        for change in [0x00, 0x01, 0x80, 0xff] {
            let mut changed = bundle.clone();
            changed[at] ^= change;
            let cursor = || std::io::Cursor::new(changed.as_slice());
            _ = manifest_of(cursor(), cursor()).and_then(|text| declaration(&text, true));
        }
    }
}
