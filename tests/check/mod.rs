//! A person wants to know, before an agent starts, whether every server gets what it needs.

mod brokers;
mod calls;
mod drift;
mod exposure;
mod hostile;
mod live;
mod mending;
mod presence;
mod reasons;
mod scope;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{CANARY, Ran, Sandbox};

/// A token of the right shape, which holds the canary.
pub(crate) const TOKEN: &str = "ghp_CANARY0dont0let0me0be0seen0000001abc";

/// Writes a file below the home, with its folders.
pub(crate) fn write(sandbox: &Sandbox, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = sandbox.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    own(&path);
    path
}

/// Only for its owner, as clients write theirs.
#[cfg(unix)]
fn own(path: &Path) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn own(_path: &Path) {}

/// Makes a project below the home and writes its `.mcp.json`.
pub(crate) fn project(sandbox: &Sandbox, mcp_json: &str) -> PathBuf {
    let folder = sandbox.path("work");
    fs::create_dir_all(folder.join(".git")).unwrap();
    write(sandbox, "work/.mcp.json", mcp_json);
    folder
}

/// Checks in that folder; no output of any kind may hold the canary.
pub(crate) fn check_in(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(["check"]);
    command.args(arguments).current_dir(folder);
    let ran = Ran(crate::support::feed(command, b""));
    for stream in [&ran.0.stdout, &ran.0.stderr] {
        let shown = String::from_utf8_lossy(stream);
        assert!(!shown.contains(&CANARY[4..]), "the value is shown: {shown}");
    }
    ran
}

/// The findings of `check --json` in that folder, checked against their schema.
pub(crate) fn findings_in(sandbox: &Sandbox, folder: &Path, arguments: &[&str], status: i32) -> Vec<Value> {
    let arguments = [&["--format", "json"], arguments].concat();
    let document = check_in(sandbox, folder, &arguments).exits(status).json("check");
    document["findings"].as_array().unwrap().clone()
}

/// `status reason credential` of the findings about a server.
pub(crate) fn about<'f>(findings: &'f [Value], server: &str) -> Vec<(&'f str, &'f str, &'f str)> {
    let text = |value: &'f Value| value.as_str().unwrap_or("");
    findings
        .iter()
        .filter(|finding| finding["server"] == server)
        .map(|finding| (text(&finding["status"]), text(&finding["reason"]), text(&finding["credential"])))
        .collect()
}

/// The one finding with this reason.
#[track_caller]
pub(crate) fn the(findings: &[Value], reason: &str) -> Value {
    let found: Vec<_> = findings.iter().filter(|finding| finding["reason"] == reason).collect();
    assert_eq!(found.len(), 1, "{findings:#?}");
    found[0].clone()
}
