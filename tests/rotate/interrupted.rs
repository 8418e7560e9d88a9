//! A token that was exchanged is never lost: killed at any moment, and with stores and disks that fail at the worst one.

use std::fs;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Sandbox;
use crate::support::crash::{killed_at, twin_of};
use crate::support::provider_server::{ProviderServer, answer};

const OLD: &str = "glpat-CANARY0dont0let0me0be0seen01";

fn home() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], OLD.as_bytes()).succeeds();
    sandbox
}

/// A GitLab in which exactly one token lives, and each exchange kills it.
fn gitlab(living: Arc<Mutex<String>>) -> ProviderServer {
    ProviderServer::start(move |request| {
        let mut living = living.lock().unwrap();
        if !request.contains(&format!("private-token: {living}\r\n")) {
            return answer(401, &[], "{}");
        }
        if !request.starts_with("POST") {
            return answer(200, &[], r#"{"active":true}"#);
        }
        let number: u32 = living[living.len() - 2..].parse().unwrap();
        *living = format!("glpat-CANARY0dont0let0me0be0seen{:02}", number + 1);
        answer(200, &[], format!(r#"{{"token":"{living}"}}"#))
    })
}

#[test]
fn killed_at_any_step_after_the_answer_the_new_token_is_found_by_the_next_reader() {
    for (keep, step) in [(&[][..], 1), (&["--keep-previous", "7d"], 3)] {
        let (mut at, mut lost, mut recovered) = (0, 0, 0);
        loop {
            let living = Arc::new(Mutex::new(OLD.to_owned()));
            let server = gitlab(Arc::clone(&living));
            let twin = twin_of(&home());
            let host = format!("gitlab={}", server.url());
            let arguments = [&["rotate", "GITLAB_TOKEN", "--host", &host], keep].concat();
            if !killed_at(&twin, &arguments, b"", at) {
                break;
            }
            // What the server is still busy with.
            std::thread::sleep(Duration::from_millis(20));
            let read = twin.run(["get", "GITLAB_TOKEN"]).succeeds();
            let living = living.lock().unwrap().clone();
            recovered += usize::from(read.stderr().contains("had been interrupted after its new value came"));
            // Between the answer on the wire and the first write there are some thousand instructions, and no change
            // at which a kill could be placed: only the request itself, sent and not yet answered, may be lost.
            lost += usize::from(read.stdout() != living);
            for value in [OLD, &living] {
                assert!(twin.files_holding(value.as_bytes()).is_empty());
            }
            if read.stdout() == living && at % 4 == 0 {
                twin.run(["rotate", "GITLAB_TOKEN", "--host", &host]).succeeds();
            }
            at += step;
        }
        assert!(at > 20, "{at} changes are not all");
        assert!(recovered > 1, "{recovered} of {at}");
        assert!(lost <= 2, "{lost} of {at} lost the new token");
    }
}

#[test]
fn a_hook_that_is_killed_with_its_mcpcred_changes_nothing() {
    let sandbox = home();
    fs::create_dir_all(sandbox.path("config")).unwrap();
    let line = "[rotate.command]\nname.GITLAB_TOKEN = { shell = \"cat > /dev/null; touch $HOME/begun; exec sleep 5\" }\n";
    fs::write(sandbox.path("config/config.toml"), line).unwrap();
    let mut command = sandbox.command(["rotate", "GITLAB_TOKEN"]);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !sandbox.path("begun").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    // While it is under way the value in use is given out, and nobody else replaces it.
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints(OLD);
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(document["credentials"][0]["state"], "replacing");
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints(OLD);
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(document["credentials"][0]["state"], "stored");
}

/// Rotates at a GitLab that calls `meanwhile` before it answers: after the store was found to take values.
fn rotate_while(sandbox: &Sandbox, meanwhile: impl Fn() + Send + Sync + 'static) -> crate::support::Ran {
    let server = ProviderServer::start(move |_| {
        meanwhile();
        answer(200, &[], r#"{"token":"glpat-CANARY0dont0let0me0be0seen02"}"#)
    });
    let host = format!("gitlab={}", server.url());
    sandbox.run(["rotate", "GITLAB_TOKEN", "--host", &host])
}

#[test]
fn a_store_that_fails_when_the_new_token_comes_gets_it_later() {
    let sandbox = home();
    let vault = sandbox.data().join("vault");
    let aside = sandbox.path("vault-aside");
    let (from, to) = (vault.clone(), aside.clone());
    let ran = rotate_while(&sandbox, move || fs::rename(&from, &to).unwrap());
    let code = ran.0.status.code();
    assert!([Some(1), Some(4)].contains(&code), "{}", ran.said());
    let ran = ran.says("the new value of `GITLAB_TOKEN` has come, and is sealed on the disk");
    assert!(!ran.stderr().contains("CANARY"), "{}", ran.said());
    assert!(sandbox.files_holding(b"glpat-CANARY0dont0let0me0be0seen02").is_empty());
    fs::rename(&aside, &vault).unwrap();
    let read = sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().says("which is in place now");
    assert_eq!(read.stdout(), "glpat-CANARY0dont0let0me0be0seen02");
    // The one before is not thrown away: nobody could say whether it is dead.
    sandbox.run(["get", "GITLAB_TOKEN", "--previous"]).succeeds().prints(OLD);
    let rescue = sandbox.data().join("rescue/default~GITLAB_TOKEN.sealed");
    assert!(!rescue.exists());
}

#[test]
fn a_deleted_credential_takes_its_sealed_file_with_it() {
    let sandbox = home();
    let vault = sandbox.data().join("vault");
    let aside = sandbox.path("vault-aside");
    let (from, to) = (vault.clone(), aside.clone());
    rotate_while(&sandbox, move || fs::rename(&from, &to).unwrap());
    fs::rename(&aside, &vault).unwrap();
    let rescue = sandbox.data().join("rescue/default~GITLAB_TOKEN.sealed");
    assert!(rescue.exists());
    sandbox.run(["delete", "GITLAB_TOKEN", "--yes"]).succeeds();
    assert!(!rescue.exists());
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], b"another").succeeds();
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints("another");
}

#[test]
fn an_interrupted_replacement_is_settled_by_doctor_too() {
    let sandbox = home();
    let vault = sandbox.data().join("vault");
    let aside = sandbox.path("vault-aside");
    let (from, to) = (vault.clone(), aside.clone());
    rotate_while(&sandbox, move || fs::rename(&from, &to).unwrap());
    fs::rename(&aside, &vault).unwrap();
    let told = sandbox.run(["doctor"]);
    assert!(told.stdout().contains("rotation of `GITLAB_TOKEN`"), "{}", told.said());
    sandbox.run(["doctor", "--repair"]).succeeds();
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints("glpat-CANARY0dont0let0me0be0seen02");
}
