//! A person wants no commit with a token in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

#[cfg(target_os = "linux")]
use crate::check::{TOKEN, write};
use crate::support::{Ran, Sandbox, feed};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `{a,b}` and `*` of the catalog as paths that could be there.
fn examples(path: &str) -> Vec<String> {
    match path.split_once('{').and_then(|(start, rest)| Some((start, rest.split_once('}')?))) {
        Some((start, (choices, end))) => {
            choices.split(',').flat_map(|choice| examples(&format!("{start}{choice}{end}"))).collect()
        }
        None => vec![path.replace('*', "some-name")],
    }
}

#[test]
fn the_hook_looks_at_every_place_in_a_project_that_a_client_reads() {
    let hooks = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let pattern = hooks.split("files: &files |\n").nth(1).unwrap().split("\n  types:").next().unwrap();
    let pattern = Regex::new(pattern.trim()).unwrap();
    let catalog = fs::read_to_string(root().join("src/catalog/clients.toml")).unwrap();
    let catalog: toml::Table = catalog.parse().unwrap();
    let mut seen = 0;
    for client in catalog["client"].as_array().unwrap() {
        for file in client.get("file").and_then(toml::Value::as_array).into_iter().flatten() {
            let path = file["path"].as_str().unwrap();
            if file["scope"].as_str() == Some("user") || path.starts_with(['~', '$', '/', '%']) {
                continue;
            }
            if file["scope"].as_str() == Some("managed") {
                continue;
            }
            for example in examples(path) {
                assert!(pattern.is_match(&example), "{example}");
                assert!(pattern.is_match(&format!("packages/one/{example}")), "{example}");
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen}");
    for other in ["mcp.json", "settings.json", "src/.mcp.json.rs", "package.json", "README.md", "x.mcp.json"]
    {
        assert!(!pattern.is_match(other), "{other}");
    }
}

fn git(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    sandbox.surround(command.args(arguments));
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Kim").env(format!("GIT_{who}_EMAIL"), "kim@example.com");
    }
    command.current_dir(folder);
    Ran(feed(command, b"")).succeeds().stdout().trim().to_owned()
}

/// Where pre-commit is, as `.ci/prepare` put it there; with `CI` it has to be there.
fn pre_commit() -> Option<PathBuf> {
    let path = root().join("target/parsers/pre-commit");
    assert!(path.exists() || option_env!("CI").is_none(), "pre-commit is missing: run .ci/prepare");
    path.exists().then_some(path)
}

#[test]
#[cfg(target_os = "linux")]
fn a_commit_with_a_token_in_a_configuration_is_stopped() {
    let Some(pre_commit) = pre_commit() else { return };
    let mut sandbox = Sandbox::bare();
    let mcpcred = Path::new(env!("CARGO_BIN_EXE_mcpcred")).parent().unwrap();
    sandbox.set("PATH", &format!("{}:/usr/local/bin:/usr/bin:/bin", mcpcred.display()));
    sandbox.set("PYTHONPATH", pre_commit.to_str().unwrap());
    sandbox.set("MCPCRED_STORE", "none");

    // As this repository has it, at a version.
    let hooks = sandbox.path("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::copy(root().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
    git(&sandbox, &hooks, &["init", "--quiet"]);
    git(&sandbox, &hooks, &["add", "."]);
    git(&sandbox, &hooks, &["commit", "--quiet", "--message", "hooks"]);
    let version = git(&sandbox, &hooks, &["rev-parse", "HEAD"]);

    let work = sandbox.path("work");
    write(
        &sandbox,
        "work/.pre-commit-config.yaml",
        format!(
            "repos:\n- repo: {}\n  rev: {version}\n  hooks:\n  - id: mcpcred-check-installed\n",
            hooks.display()
        ),
    );
    git(&sandbox, &work, &["init", "--quiet"]);
    let hook = |content: &str| {
        write(&sandbox, "work/.mcp.json", content);
        write(&sandbox, "work/.cursor/mcp.json", r#"{"mcpServers": {}}"#);
        git(&sandbox, &work, &["add", "."]);
        let mut command = Command::new("python3");
        sandbox.surround(command.args(["-m", "pre_commit", "run", "--color", "never"]));
        command.current_dir(&work);
        Ran(feed(command, b""))
    };
    hook(r#"{"mcpServers": {"time": {"command": "uvx", "args": ["mcp-server-time"]}}}"#).succeeds();
    let open =
        format!(r#"{{"mcpServers": {{"x": {{"command": "x", "env": {{"GITHUB_TOKEN": "{TOKEN}"}}}}}}}}"#);
    let stopped = hook(&open).exits(1).stdout();
    assert!(stopped.contains("plaintext") && stopped.contains("GITHUB_TOKEN"), "{stopped}");
    assert!(!stopped.contains(TOKEN), "{stopped}");
}
