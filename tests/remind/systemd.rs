//! systemd does it, and a desktop shows it.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use zbus::zvariant::Value;

use crate::rotate::due::grow_old;
use crate::support::Sandbox;

/// A desktop that shows notifications: a session bus of its own, and who listens there.
struct Desktop {
    bus: Child,
    address: String,
    shown: Arc<Mutex<Vec<(String, String)>>>,
    _server: zbus::blocking::Connection,
}

struct Server(Arc<Mutex<Vec<(String, String)>>>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Server {
    #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value, reason = "the interface is not ours")]
    fn notify(
        &self,
        app: &str,
        replaces: u32,
        icon: &str,
        title: &str,
        body: &str,
        actions: Vec<&str>,
        hints: HashMap<&str, Value<'_>>,
        time: i32,
    ) -> u32 {
        _ = (app, replaces, icon, actions, hints, time);
        self.0.lock().unwrap().push((title.to_owned(), body.to_owned()));
        1
    }
}

impl Desktop {
    fn new() -> Self {
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim_end().to_owned();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let server = zbus::blocking::connection::Builder::address(address.as_str())
            .and_then(|builder| builder.name("org.freedesktop.Notifications"))
            .and_then(|builder| {
                builder.serve_at("/org/freedesktop/Notifications", Server(Arc::clone(&shown)))
            })
            .and_then(zbus::blocking::connection::Builder::build)
            .unwrap();
        Self { bus, address, shown, _server: server }
    }

    fn shown(&self) -> Vec<(String, String)> {
        self.shown.lock().unwrap().clone()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        _ = self.bus.kill();
        _ = self.bus.wait();
    }
}

/// A home with two credentials that are due and one that is not, and nothing to open its store with.
fn home() -> Sandbox {
    let sandbox = Sandbox::new().with("A_TOKEN").with("B_TOKEN");
    grow_old(&sandbox);
    let mut sandbox = sandbox.with("C_TOKEN");
    sandbox.unset("MCPCRED_KEY_FILE");
    sandbox
}

fn units(sandbox: &Sandbox) -> [PathBuf; 3] {
    let folder = sandbox.path(".config/systemd/user");
    [
        folder.join("mcpcred-remind.service"),
        folder.join("mcpcred-remind.timer"),
        folder.join("timers.target.wants/mcpcred-remind.timer"),
    ]
}

#[test]
fn a_person_is_told_once_a_day_without_any_store() {
    let mut sandbox = home();
    let desktop = Desktop::new();
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", &desktop.address);
    sandbox.run(["remind"]).succeeds().prints("").says("A_TOKEN, B_TOKEN");
    let told = ("2 credentials should be replaced".to_owned(), "A_TOKEN, B_TOKEN".to_owned());
    assert_eq!(desktop.shown(), std::slice::from_ref(&told));
    sandbox.run(["remind"]).succeeds().says("that was told within the last day");
    assert_eq!(desktop.shown().len(), 1);
    // A day later.
    fs::write(sandbox.data().join("reminded.json"), r#"{"last":"2026-01-01T10:00:00Z"}"#).unwrap();
    sandbox.run(["remind"]).succeeds();
    assert_eq!(desktop.shown(), [told.clone(), told]);
    sandbox.holds_no_canary();
}

#[test]
fn nothing_is_shown_where_nothing_is_due() {
    let mut sandbox = Sandbox::new().with("A_TOKEN");
    let desktop = Desktop::new();
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", &desktop.address);
    sandbox.run(["remind"]).succeeds().says("Nothing is due");
    sandbox.feed(["rotate", "A_TOKEN", "--stdin", "--expires", "13d"], b"x").succeeds();
    sandbox.run(["remind"]).succeeds().says("A_TOKEN (ends on ");
    assert_eq!(desktop.shown().len(), 1);
}

#[test]
fn without_a_desktop_it_is_told_and_tried_again() {
    let mut sandbox = home();
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    for _ in 0..2 {
        sandbox.run(["remind"]).exits(1).says("A_TOKEN, B_TOKEN").says("shows no notifications");
    }
    fs::write(sandbox.data().join("index.json"), "{").unwrap();
    sandbox.run(["remind"]).exits(1).says("the index is gone or damaged");
}

#[test]
fn the_timer_is_one_that_systemd_understands_and_goes_as_it_came() {
    let sandbox = home();
    let status = |sandbox: &Sandbox| sandbox.run(["remind", "--status", "--json"]).succeeds().json("remind");
    assert_eq!(status(&sandbox)["installed"], false);
    sandbox.run(["remind", "--uninstall"]).succeeds().says("Nobody was reminded");
    for _ in 0..2 {
        sandbox
            .run(["remind", "--install", "--profile", "work"])
            .succeeds()
            .says("each day at 10 by systemd");
    }
    let document = status(&sandbox);
    assert_eq!((&document["installed"], &document["due"][1]), (&true.into(), &"B_TOKEN".into()));
    let files = units(&sandbox);
    assert_eq!(fs::canonicalize(&files[2]).unwrap(), fs::canonicalize(&files[1]).unwrap());
    let service = fs::read_to_string(&files[0]).unwrap();
    assert!(service.contains("\"remind\" \"--no-prompt\" \"--profile\" \"work\""), "{service}");
    let data = format!("Environment=\"MCPCRED_DATA_DIR={}\"", sandbox.data().display());
    assert!(service.contains(&data), "{service}");

    let mut verify = Command::new("systemd-analyze");
    sandbox.surround(&mut verify);
    // The folder of a session that is not there.
    verify.env("XDG_RUNTIME_DIR", sandbox.path("."));
    let output = verify.args(["--user", "verify"]).args(&files[..2]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !words.contains("mcpcred-remind"), "{words}");

    sandbox.run(["remind", "--uninstall"]).succeeds().says("Nobody is reminded any more");
    assert!(files.iter().all(|file| !file.exists() && !file.is_symlink()));
    assert_eq!(status(&sandbox)["installed"], false);
}

#[test]
fn a_unit_that_somebody_else_made_stays() {
    let sandbox = home();
    let [service, timer, _] = units(&sandbox);
    fs::create_dir_all(service.parent().unwrap()).unwrap();
    fs::write(&timer, "[Timer]\nOnCalendar=daily\n").unwrap();
    sandbox.run(["remind", "--install"]).exits(1).says("mcpcred did not make it");
    sandbox.run(["remind", "--uninstall"]).succeeds();
    assert_eq!(fs::read_to_string(&timer).unwrap(), "[Timer]\nOnCalendar=daily\n");
    sandbox.run(["remind", "--install", "--status"]).exits(2);
    sandbox.run(["remind", "--json"]).exits(2);
}
