//! A person wants to know what a server needs, before they go and make a token.

use std::fs;

use serde_json::{Value, json};

use crate::support::{CANARY, Sandbox, contains};

fn github(sandbox: &Sandbox) -> Value {
    sandbox.run(["servers", "github", "--json"]).succeeds().json("servers")["servers"][0].clone()
}

#[test]
fn the_catalog_is_listed_without_any_store() {
    let sandbox = Sandbox::bare();
    let shown = sandbox.run(["servers"]).succeeds().stdout();
    for word in [
        "github",
        "GITHUB_PERSONAL_ACCESS_TOKEN, or a login",
        "kubernetes",
        "KUBECONFIG",
        "twilio",
        "complex",
    ] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let document = sandbox.run(["servers", "--json"]).succeeds().json("servers");
    let servers = document["servers"].as_array().unwrap();
    assert!(servers.len() >= 55 && servers[0]["id"] == "github", "{}", servers.len());
    assert!(!sandbox.data().exists() && !sandbox.path("config").exists(), "looking leaves nothing behind");
}

#[test]
fn a_server_is_shown_in_full_with_the_commands_that_hand_its_credential_over() {
    let sandbox = Sandbox::bare();
    let shown = sandbox.run(["servers", "github"]).succeeds().stdout();
    for word in [
        "GITHUB_PERSONAL_ACCESS_TOKEN",
        "GH_TOKEN, GITHUB_PAT, GITHUB_TOKEN",
        "https://github.com/settings/personal-access-tokens/new",
        "Authorization: Bearer {token}",
        "every 90 days",
        "a login in the browser (OAuth)",
        "mcpcred add GITHUB_PERSONAL_ACCESS_TOKEN --server github\n",
        "mcpcred run --server github -- docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN \
         ghcr.io/github/github-mcp-server\n",
    ] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let server = github(&sandbox);
    assert_eq!((&server["source"], &server["stored"]), (&json!("built-in"), &json!(false)));
    assert_eq!(server["alternatives"][0]["credentials"][0]["stored_as"], Value::Null);
}

#[test]
fn what_is_stored_under_another_name_is_handed_over_under_the_right_one() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    let shown = sandbox.run(["servers", "github"]).succeeds().stdout();
    assert!(shown.contains("as GITHUB_TOKEN\n"), "{shown}");
    assert!(shown.contains("mcpcred run -e GITHUB_PERSONAL_ACCESS_TOKEN=GITHUB_TOKEN -- docker"), "{shown}");
    assert!(!shown.contains("mcpcred add") && !shown.contains(CANARY), "{shown}");
    let server = github(&sandbox);
    assert_eq!(server["stored"], true);
    assert_eq!(server["alternatives"][0]["credentials"][0]["stored_as"], "GITHUB_TOKEN");
    let missing = sandbox.run(["servers", "--missing"]).succeeds().stdout();
    assert!(!missing.contains("github ") && missing.contains("notion "), "{missing}");
}

#[test]
fn a_pair_is_stored_with_two_commands_and_a_path_is_not_stored() {
    let sandbox = Sandbox::bare();
    let shown = sandbox.run(["servers", "aws"]).succeeds().stdout();
    assert!(
        shown.contains("add AWS_ACCESS_KEY_ID --server aws") && shown.contains("add AWS_SECRET_ACCESS_KEY")
    );
    let shown = sandbox.run(["servers", "kubernetes"]).succeeds().stdout();
    assert!(shown.contains("KUBECONFIG\n") && !shown.contains("add KUBECONFIG --server"), "{shown}");
}

#[test]
fn a_remote_server_is_reached_through_a_bridge_that_looks_the_name_up_itself() {
    let shown = Sandbox::bare().run(["servers", "render", "--no-color"]).succeeds().stdout();
    assert!(shown.contains("https://mcp.render.com/mcp"), "{shown}");
    let shown = Sandbox::bare().run(["servers", "posthog"]).succeeds().stdout();
    let bridge = "mcpcred run --server posthog -- npx -y mcp-remote https://mcp.posthog.com/mcp \
                  --header 'Authorization:Bearer ${POSTHOG_API_KEY}'\n";
    assert!(shown.contains(bridge), "{shown}");
}

#[test]
fn a_word_finds_servers_by_their_names_and_by_those_of_their_credentials() {
    let sandbox = Sandbox::bare();
    let found = |word: &str| {
        let document = sandbox.run(["servers", "--search", word, "--json"]).succeeds().json("servers");
        let servers = document["servers"].as_array().unwrap().clone();
        servers.iter().map(|server| server["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("CONFLUENCE"), ["atlassian"]);
    assert_eq!(found("azure_devops_pat"), ["azure-devops"]);
    assert!(found("zzz").is_empty());
    sandbox.run(["servers", "--search", "zzz"]).succeeds().prints("").says("No such servers");
}

#[test]
fn a_name_that_is_not_known_is_answered_with_a_suggestion_and_status_3() {
    let sandbox = Sandbox::bare();
    sandbox.run(["servers", "gihtub"]).exits(3).says("did you mean `github`");
    sandbox.run(["servers", "Notion"]).exits(3).says("did you mean `notion`");
    sandbox.run(["servers", "GITHUB_TOKEN"]).exits(3).says("mcpcred servers github");
    sandbox.run(["servers", "qqqq"]).exits(3).says("mcpcred servers");
    sandbox.run(["servers", CANARY]).exits(3).says("looks like a value");
    sandbox.run(["servers", "github", "--search", "x"]).exits(2);
    sandbox.run(["servers", "--add"]).exits(2);
}

#[test]
fn names_of_servers_are_completed() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(["add", "A", "--stdin", "--server", "gizmo"], b"value").succeeds();
    sandbox.set("MCPCRED_COMPLETE", "bash");
    sandbox.set("_CLAP_COMPLETE_INDEX", "2");
    let candidates = sandbox.run(["--", "mcpcred", "servers", "gi"]).succeeds().stdout();
    assert!(candidates.contains("github") && candidates.contains("gizmo"), "{candidates}");
}

fn write(sandbox: &Sandbox, name: &str, content: &str) -> String {
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

const DECLARATION: &str = r#"{
    "name": "io.github.acme/tickets",
    "description": "Tickets\u001b[2J of Acme",
    "packages": [{"registryType": "npm", "identifier": "@acme/tickets-mcp", "environmentVariables": [
        {"name": "ACME_API_TOKEN", "description": "Made under Settings", "isRequired": true, "isSecret": true},
        {"name": "ACME_URL"}
    ]}]
}"#;

#[test]
fn an_unknown_server_becomes_known_by_the_file_of_its_publisher() {
    let sandbox = Sandbox::bare();
    let own = "# mine\n\n[[server]]\nid = \"other\" # and this\nname = \"Other\"\nsetup = \"simple\"\n";
    write(&sandbox, "config/catalog.toml", own);
    let file = write(&sandbox, "server.json", DECLARATION);
    sandbox.run(["servers", "tickets"]).exits(3);

    let shown = sandbox.run(["servers", "--file", &file]).succeeds().says("--add").stdout();
    assert!(shown.contains("ACME_API_TOKEN") && shown.contains("Made under Settings"), "{shown}");
    assert!(shown.contains("ACME_URL") && !shown.contains('\u{1b}'), "{shown:?}");
    sandbox.run(["servers", "tickets"]).exits(3);

    let document = sandbox.run(["servers", "--file", &file, "--add", "--json"]).succeeds().json("servers");
    assert_eq!(document["declared_by"]["kind"], "registry");
    assert_eq!(document["servers"][0]["source"], "file");
    let kept = fs::read_to_string(sandbox.path("config/catalog.toml")).unwrap();
    assert!(kept.starts_with(own) && kept.contains("id = \"tickets\""), "{kept}");
    let shown = sandbox.run(["servers", "tickets"]).succeeds().stdout();
    assert!(shown.contains("mcpcred run --server tickets -- npx -y @acme/tickets-mcp"), "{shown}");
    assert!(sandbox.run(["servers"]).succeeds().stdout().contains("\nother "));

    sandbox.run(["servers", "--file", &file, "--add"]).exits(1).says("already, at line 8");
    assert_eq!(fs::read_to_string(sandbox.path("config/catalog.toml")).unwrap(), kept);
}

#[test]
fn a_bundle_that_does_not_hide_a_secret_is_told_of() {
    let sandbox = Sandbox::bare();
    let manifest = json!({
        "dxt_version": "0.1", "name": "acme", "version": "1",
        "server": {"type": "node", "entry_point": "i.js", "mcp_config": {
            "command": "node", "args": [], "env": {"ACME_TOKEN": "${user_config.token}"}}},
        "user_config": {"token": {"type": "string", "title": "Token", "description": "t", "required": true}},
    });
    let file = write(&sandbox, "manifest.json", &manifest.to_string());
    let shown = sandbox.run(["servers", "--file", &file]).succeeds().stdout();
    assert!(shown.contains("Not marked `sensitive`") && shown.contains("token"), "{shown}");
    let document = sandbox.run(["servers", "--file", &file, "--json"]).succeeds().json("servers");
    let expected = json!([{"key": "token", "pointer": "/user_config/token"}]);
    assert_eq!(document["declared_by"]["not_marked_sensitive"], expected);
}

#[test]
fn files_that_are_not_understood_are_told_with_the_place_and_without_their_text() {
    let sandbox = Sandbox::bare();
    let file = write(&sandbox, "server.json", &format!("{{\n  \"name\": {CANARY}}}"));
    let ran = sandbox.run(["servers", "--file", &file]).exits(1).says("not JSON at line 2");
    assert!(!contains(&ran.0.stderr, CANARY.as_bytes()));
    sandbox.run(["servers", "--file", "nowhere.json"]).exits(1).says("nowhere.json");
    write(&sandbox, "config/catalog.toml", "# mine\n[[server]]\nid = \"x\"\nnme = \"X\"\n");
    for words in [&["servers"][..], &["servers", "github"], &["servers", "--file", &file]] {
        sandbox.run(words).exits(1).says("catalog.toml").says("line 4, column 1").says("nme");
    }
    // Commands that do not need the catalog do not mind.
    sandbox.run(["list"]).succeeds();
}

#[test]
fn a_server_that_reads_its_arguments_alone_is_started_with_the_credential_among_them() {
    let sandbox = Sandbox::bare();
    for (id, start) in [
        (
            "twilio",
            "mcpcred run --expand TWILIO_CREDENTIALS -- npx -y @twilio-alpha/mcp {{TWILIO_CREDENTIALS}}",
        ),
        (
            "neon",
            "mcpcred run --expand NEON_API_KEY -- npx -y @neondatabase/mcp-server-neon start {{NEON_API_KEY}}",
        ),
    ] {
        let shown = sandbox.run(["servers", id]).succeeds().stdout();
        assert!(shown.contains(&format!("  {start}\n")) && shown.contains("given as"), "{shown}");
    }
}
