//! Whether anything lies in the open.

use std::io::Write;

use serde_json::json;

use crate::check::{TOKEN, check_in, findings_in, project, the, write};
use crate::support::Sandbox;

const FORMATS: [&str; 5] = ["text", "json", "github", "sarif", "junit"];

#[test]
fn a_token_in_plaintext_is_found_with_its_place_and_never_shown() {
    let sandbox = Sandbox::new();
    let content = format!(
        "{{\n  \"mcpServers\": {{\n    \"github\": {{\n      \"command\": \"npx\",\n      \"args\": [\"-y\", \
         \"@modelcontextprotocol/server-github\"],\n      \"env\": {{ \"GITHUB_PERSONAL_ACCESS_TOKEN\": \
         \"{TOKEN}\" }}\n    }}\n  }}\n}}\n"
    );
    let folder = project(&sandbox, &content);
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "plaintext");
    assert_eq!(finding["location"]["line"], 6);
    assert_eq!(finding["location"]["column"], 49);
    assert_eq!(finding["location"]["pointer"], "/mcpServers/github/env/GITHUB_PERSONAL_ACCESS_TOKEN");
    assert!(finding["location"]["file"].as_str().unwrap().ends_with(".mcp.json"));
    assert!(finding["message"].as_str().unwrap().contains("GitHub"), "{finding}");
    for format in FORMATS {
        let ran = check_in(&sandbox, &folder, &["--format", format]).exits(1);
        assert!(ran.stdout().contains("GITHUB_PERSONAL_ACCESS_TOKEN"), "{format}: {}", ran.stdout());
    }
}

#[test]
fn every_place_where_people_put_tokens_is_looked_at() {
    let uri = "postgresql://app:CANARY0dont0let0me0be0seen0000001@db.example/app";
    let servers = json!({
        "argument": {"command": "x", "args": ["--token", TOKEN]},
        "assigned": {"command": "x", "args": [format!("--api-key={TOKEN}")]},
        "docker": {"command": "docker", "args": ["run", "-e", format!("GITHUB_TOKEN={TOKEN}"), "image"]},
        "header": {"type": "http", "url": "https://x.example/mcp", "headers": {"Authorization": format!("Bearer {TOKEN}")}},
        "query": {"type": "http", "url": format!("https://x.example/mcp?api_key={TOKEN}")},
        "userinfo": {"type": "http", "url": "https://me:CANARY0dont0let0me0be0seen0000001@x.example/mcp"},
        "remote": {"command": "npx", "args": ["mcp-remote", "https://x.example", "--header", format!("Authorization: Bearer {TOKEN}")]},
        "uri": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-postgres", uri]},
        "helper": {"type": "http", "url": "https://x.example/mcp", "headersHelper": format!("echo '{{\"Authorization\":\"Bearer {TOKEN}\"}}'")},
        "default": {"command": "x", "env": {"X": format!("${{X:-{TOKEN}}}")}},
        "shell": {"command": "sh", "args": ["-c", format!("API_KEY={TOKEN} npx foo")]},
        "json": {"command": "x", "env": {"OPENAPI_MCP_HEADERS": format!("{{\"Authorization\":\"Bearer {TOKEN}\"}}")}},
    });
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &json!({ "mcpServers": servers }).to_string());
    let findings = findings_in(&sandbox, &folder, &[], 1);
    for server in servers.as_object().unwrap().keys() {
        let found = findings.iter().any(|it| it["server"] == server.as_str() && it["reason"] == "plaintext");
        assert!(found, "{server}: {findings:#?}");
    }
}

#[test]
fn the_same_value_in_two_places_has_one_fingerprint_and_another_value_another() {
    let other = TOKEN.replace("abc", "xyz");
    let servers = json!({
        "one": {"command": "x", "env": {"GITHUB_TOKEN": TOKEN}},
        "two": {"command": "x", "env": {"GITHUB_TOKEN": TOKEN}},
        "three": {"command": "x", "env": {"GITHUB_TOKEN": other}},
    });
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &json!({ "mcpServers": servers }).to_string());
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let print = |server: &str| {
        findings.iter().find(|it| it["server"] == server).unwrap()["fingerprint"].as_str().unwrap().to_owned()
    };
    assert_eq!(print("one"), print("two"));
    assert_ne!(print("one"), print("three"));
}

#[test]
fn copies_that_a_client_left_behind_are_reported() {
    let sandbox = Sandbox::new();
    let content = json!({"mcpServers": {"github": {"env": {"GITHUB_TOKEN": TOKEN}}}}).to_string();
    write(&sandbox, ".claude/backups/.claude.json.backup.1763800000000", &content);
    write(&sandbox, ".claude/mcp.json", &content);
    let findings = findings_in(&sandbox, &sandbox.path(""), &[], 1);
    let files: Vec<_> = findings
        .iter()
        .filter(|it| it["reason"] == "plaintext")
        .map(|it| it["location"]["file"].as_str().unwrap().replace('\\', "/"))
        .collect();
    assert!(files.iter().any(|file| file.contains("/.claude/backups/")), "{findings:#?}");
    assert!(files.iter().any(|file| file.ends_with("/.claude/mcp.json")), "{findings:#?}");
}

#[test]
fn a_comment_with_an_old_token_is_reported() {
    let sandbox = Sandbox::new();
    write(
        &sandbox,
        "work/.vscode/mcp.json",
        format!("{{\n  // the old one: {TOKEN}\n  \"servers\": {{}}\n}}\n"),
    );
    let finding = the(&findings_in(&sandbox, &sandbox.path("work"), &[], 1), "plaintext");
    assert_eq!(finding["location"]["line"], 2);
}

#[test]
#[cfg(unix)]
fn a_file_with_a_secret_that_others_can_read_is_a_finding_of_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let content =
        json!({"mcpServers": {"github": {"command": "x", "env": {"GITHUB_TOKEN": TOKEN}}}}).to_string();
    let folder = project(&sandbox, &content);
    std::fs::set_permissions(sandbox.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    let open = |mode| {
        std::fs::set_permissions(folder.join(".mcp.json"), PermissionsExt::from_mode(mode)).unwrap();
        findings_in(&sandbox, &folder, &[], 1)
    };
    let is_open = |findings: &[serde_json::Value]| findings.iter().any(|it| it["reason"] == "world_readable");
    assert!(!is_open(&open(0o600)));
    let finding = the(&open(0o644), "world_readable");
    assert!(finding["action"]["command"].as_str().unwrap().starts_with("chmod go-r"), "{finding}");
}

#[test]
fn a_file_with_a_secret_in_a_folder_that_goes_to_a_cloud_is_a_finding() {
    let sandbox = Sandbox::new();
    let content =
        json!({"mcpServers": {"github": {"command": "x", "env": {"GITHUB_TOKEN": TOKEN}}}}).to_string();
    write(&sandbox, "Dropbox/work/.mcp.json", content);
    let findings = findings_in(&sandbox, &sandbox.path("Dropbox/work"), &[], 1);
    assert!(the(&findings, "synced_folder")["message"].as_str().unwrap().contains("Dropbox"));
}

#[test]
fn a_bundle_that_asks_for_a_secret_and_does_not_mark_it_is_a_finding() {
    let sandbox = Sandbox::new();
    let manifest = json!({
        "manifest_version": "0.3", "name": "acme-tickets", "version": "1.0.0",
        "server": {"type": "node", "entry_point": "index.js", "mcp_config": {
            "command": "node", "args": ["${__dirname}/index.js"],
            "env": {"ACME_API_TOKEN": "${user_config.api_token}", "ACME_KEY": "${user_config.api_key}"}}},
        "user_config": {
            "api_token": {"type": "string", "title": "API token", "description": "d", "sensitive": true},
            "api_key": {"type": "string", "title": "API key", "description": "d"}},
    });
    let path = write(&sandbox, "bundle/manifest.json", manifest.to_string());
    let findings = findings_in(&sandbox, &sandbox.path(""), &["--config", path.to_str().unwrap()], 0);
    let finding = the(&findings, "not_marked_sensitive");
    assert_eq!(finding["credential"], "api_key");
    // One that is installed is found without being named.
    if cfg!(target_os = "linux") {
        let place = ".config/Claude/Claude Extensions/acme/manifest.json";
        write(&sandbox, place, manifest.to_string());
        let finding = the(&findings_in(&sandbox, &sandbox.path(""), &[], 0), "not_marked_sensitive");
        assert!(finding["location"]["file"].as_str().unwrap().ends_with(place), "{finding}");
    }
}

#[test]
fn a_bundle_is_looked_into_as_it_is_and_one_that_is_damaged_is_told() {
    let sandbox = Sandbox::new();
    let packed = |manifest: &serde_json::Value| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file("manifest.json", zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(manifest.to_string().as_bytes()).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let bundle = |sensitive: bool| {
        packed(&json!({
            "manifest_version": "0.3", "name": "acme-tickets", "version": "1.0.0",
            "server": {"type": "node", "entry_point": "index.js", "mcp_config": {
                "command": "node", "env": {"ACME_API_TOKEN": "${user_config.api_token}"}}},
            "user_config": {
                "api_token": {"type": "string", "title": "API token", "description": "d", "sensitive": sensitive}},
        }))
    };
    let of = |name: &str, content: Vec<u8>, status: i32| {
        let path = write(&sandbox, name, content);
        findings_in(&sandbox, &sandbox.path(""), &["--config", path.to_str().unwrap()], status)
    };
    assert!(of("marked.mcpb", bundle(true), 0).is_empty());
    let unmarked = of("acme.dxt", bundle(false), 0);
    assert_eq!(
        (unmarked.len(), &the(&unmarked, "not_marked_sensitive")["credential"]),
        (1, &json!("api_token"))
    );
    let damaged = of("damaged.mcpb", bundle(true)[..60].to_vec(), 1);
    assert_eq!((damaged.len(), &the(&damaged, "unreadable")["status"]), (1, &json!("problem")));
}

#[test]
fn an_extension_with_a_known_hole_is_named_without_being_run() {
    let sandbox = Sandbox::new();
    let metadata = json!({"name": "claude-code", "publisher": "Anthropic", "version": "1.0.23"}).to_string();
    write(&sandbox, ".vscode/extensions/anthropic.claude-code-1.0.23/package.json", metadata);
    let finding = the(&findings_in(&sandbox, &sandbox.path(""), &[], 1), "vulnerable_client");
    assert!(finding["message"].as_str().unwrap().contains("CVE-2025-52882"), "{finding}");
}

#[test]
fn a_copy_of_a_value_that_has_no_form_of_its_own_is_found_where_the_value_is_known() {
    let (stored, open) = ("correct-horse/battery-staple", "Tr0ub4dor and three");
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "DB_PASSWORD", "--stdin"], stored.as_bytes()).succeeds();
    let entry = |value: &str| json!({"mcpServers": {"db": {"command": "x", "env": {"PGPASSWORD": value}}}});
    let folder = project(&sandbox, &entry(open).to_string());
    write(&sandbox, ".claude/backups/.claude.json.backup.1763800000000", entry(stored).to_string());
    write(&sandbox, "work/.mcp.json.bak", entry(open).to_string());
    write(&sandbox, "work/.mcp.json.old", entry("something-else").to_string());
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let of_file = |end: &str| {
        let is_it = |it: &&serde_json::Value| {
            it["reason"] == "plaintext" && it["location"]["file"].as_str().unwrap().ends_with(end)
        };
        findings.iter().filter(is_it).cloned().collect::<Vec<_>>()
    };
    let backup = of_file(".backup.1763800000000");
    assert_eq!(backup.len(), 1, "{findings:#?}");
    let message = backup[0]["message"].as_str().unwrap();
    assert!(message.contains("stored `DB_PASSWORD`"), "{message}");
    assert!(backup[0]["location"]["column"].as_u64().unwrap() > 30, "{backup:?}");
    let (copy, first) = (of_file(".mcp.json.bak"), of_file(".mcp.json"));
    assert_eq!((copy.len(), first.len(), of_file(".old").len()), (1, 1, 0), "{findings:#?}");
    assert_eq!(copy[0]["fingerprint"], first[0]["fingerprint"]);
    assert!(copy[0]["action"]["command"].as_str().unwrap().ends_with(" --scrub"), "{copy:?}");
    let shown = findings.iter().map(ToString::to_string).collect::<String>();
    assert!(!shown.contains(stored) && !shown.contains(open), "{shown}");
    // Without a store, what the configuration itself says is known all the same.
    let findings = findings_in(&sandbox, &folder, &["--exposure"], 1);
    assert!(findings.iter().any(|it| it["location"]["file"].as_str().unwrap().ends_with(".mcp.json.bak")));
}

#[test]
fn what_is_found_has_the_right_article() {
    let sandbox = Sandbox::new();
    let key = format!("AIza{}", "SyB7fK2mWz9RtLb4VnPf8sx7Kq2mWz9RtLb");
    let folder = project(
        &sandbox,
        &json!({"mcpServers": {"x": {"command": "x", "env": {"OKTA_API_TOKEN": "00x7Kq2mWz9RtLb4VnPf8sx7Kq2mWz9RtLb4VnPf8s", "GOOGLE_API_KEY": key}}}}).to_string(),
    );
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let messages: Vec<_> = findings.iter().map(|it| it["message"].as_str().unwrap()).collect();
    assert!(messages.iter().any(|it| it.starts_with("an Okta ")), "{messages:?}");
    assert!(messages.iter().any(|it| it.starts_with("a Google ")), "{messages:?}");
}

#[test]
fn a_token_in_the_place_of_a_name_is_found_and_not_shown_either() {
    let sandbox = Sandbox::new();
    let placeholder = format!("${{{TOKEN}}}");
    for entry in [
        json!({ TOKEN: {"command": "x"} }),
        json!({"x": {"command": TOKEN}}),
        json!({"x": {"command": "x", "env": {TOKEN: "y"}}}),
        json!({"x": {"command": "x", "env": {TOKEN: "${Y}"}}}),
        json!({"x": {"command": "x", "args": [placeholder]}}),
        json!({"x": {"command": "x", "type": TOKEN}}),
        json!({"x": {"command": "mcpcred", "args": ["run", "-e", TOKEN, "--", "x"]}}),
        json!({"x": {"command": "mcpcred", "args": ["run", "--server", TOKEN, "--", "x"]}}),
        json!({"x": {"command": "mcpcred", "args": ["run", "--profile", TOKEN, "-e", "A", "--", "x"]}}),
        json!({"x": {"command": "mcpcred", "args": ["run", "--store", TOKEN, "-e", "A", "--", "x"]}}),
        json!({"x": {"command": "docker", "args": ["run", "-e", TOKEN, "image"]}}),
    ] {
        let folder = project(&sandbox, &json!({ "mcpServers": entry }).to_string());
        let findings = findings_in(&sandbox, &folder, &[], 1);
        assert!(findings.iter().any(|it| it["reason"] == "plaintext"), "{entry}: {findings:#?}");
        for format in FORMATS {
            check_in(&sandbox, &folder, &["--format", format]).exits(1);
        }
    }
}
