//! Entries are written, read, judged and swept.

use super::*;
use crate::name::Profile;

fn start(name: &str) -> Start {
    let held = Held { profile: Profile::default(), name: name.parse().unwrap() };
    Start {
        program: "npx".to_owned(),
        credentials: vec![held],
        server: Some("github".to_owned()),
        started_by: Some("code".to_owned()),
        is_keeper: false,
    }
}

fn now() -> Timestamp {
    "2026-11-25T10:00:00Z".parse().unwrap()
}

#[test]
fn what_is_registered_is_listed_until_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let children = Children::in_folder(folder.path());
    assert_eq!(children.list().unwrap(), []);
    let registration = children.register(start("A"), now()).unwrap();
    let listed = children.list().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].identity, Identity::own().unwrap());
    assert!(listed[0].is_here);
    assert!(listed[0].holds(&Profile::default(), &"a".parse().unwrap()));
    assert!(!listed[0].holds(&"work".parse().unwrap(), &"A".parse().unwrap()));
    assert!(!listed[0].holds(&Profile::default(), &"B".parse().unwrap()));
    drop(registration);
    assert_eq!(children.list().unwrap(), []);
}

#[test]
fn one_that_becomes_another_holds_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let children = Children::in_folder(folder.path());
    let _first = children.register(start("A"), now()).unwrap();
    let later = "2026-11-25T11:00:00Z".parse().unwrap();
    let _second = children.register(Start { server: None, ..start("B") }, later).unwrap();
    let listed = children.list().unwrap();
    assert_eq!(listed.len(), 1);
    let names: Vec<_> = listed[0].credentials.iter().map(|held| held.name.as_str()).collect();
    assert_eq!(names, ["B", "A"]);
    assert_eq!(listed[0].since, now());
    assert_eq!(listed[0].server.as_deref(), Some("github"));
}

#[test]
fn a_recycled_number_and_a_former_start_of_the_machine_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let children = Children::in_folder(folder.path());
    let registration = children.register(start("A"), now()).unwrap();
    let own = Identity::own().unwrap();
    let running = folder.path().join("running");
    let text = fs::read_to_string(&registration.path).unwrap();
    // The same number, and another start: a process that ended, whose number is ours now.
    let recycled = running.join(format!("{}-{}.json", own.pid, own.started - 1));
    fs::write(&recycled, text.replace(&own.started.to_string(), &(own.started - 1).to_string())).unwrap();
    let children_before = fs::read_dir(&running).unwrap().count();
    assert_eq!((children_before, children.list().unwrap().len()), (2, 1));
    assert!(!recycled.exists());
    if cfg!(target_os = "linux") {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let before = text.replace(boot.trim_end(), "00000000-0000-0000-0000-000000000000");
        fs::write(&registration.path, before).unwrap();
        assert_eq!(children.list().unwrap(), []);
        assert!(!registration.path.exists());
    }
}

#[test]
fn an_entry_that_cannot_be_read_still_names_its_process_and_may_hold_anything() {
    let folder = tempfile::tempdir().unwrap();
    let children = Children::in_folder(folder.path());
    let registration = children.register(start("A"), now()).unwrap();
    fs::write(&registration.path, b"{\"schema").unwrap();
    fs::write(folder.path().join("running").join("notes.txt"), b"not ours").unwrap();
    let listed = children.list().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].identity, Identity::own().unwrap());
    assert!(listed[0].holds(&Profile::default(), &"ANYTHING".parse().unwrap()));
}

#[test]
#[cfg(target_os = "linux")]
fn one_in_another_container_is_kept_and_told_to_be_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let children = Children::in_folder(folder.path());
    let registration = children.register(start("A"), now()).unwrap();
    let view = fs::read_link("/proc/self/ns/pid").unwrap();
    let text = fs::read_to_string(&registration.path).unwrap();
    fs::write(&registration.path, text.replace(view.to_str().unwrap(), "pid:[1]")).unwrap();
    let listed = children.list().unwrap();
    assert!(listed.len() == 1 && !listed[0].is_here);
}

#[test]
#[cfg(unix)]
fn the_folder_and_its_files_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let children = Children::in_folder(folder.path());
    let registration = children.register(start("A"), now()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&registration.path), mode(&folder.path().join("running"))), (0o600, 0o700));
}

#[cfg(unix)]
mod ending {
    use std::io::Read;
    use std::process::{self, Command, Stdio};
    use std::time::Duration;

    use super::*;
    use crate::os::process::identity::Processes;

    /// A shell that runs this script and then says so.
    fn shell(script: &str) -> (process::Child, Child) {
        let script = format!("{script} echo; wait");
        let mut shell = Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
        shell.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let identity = Identity::of(shell.id()).unwrap();
        (shell, Child::new(identity, Place::here(), start("A"), now()))
    }

    #[test]
    fn one_is_asked_one_is_forced_and_what_they_started_ends_with_them() {
        let (mut polite, asked) = shell("sleep 61 &");
        let (mut deaf, forced) = shell("trap '' TERM; sleep 62 &");
        let family = Processes::now().family(forced.identity);
        assert_eq!(family.len(), 2);
        let mut gone = asked.clone();
        gone.identity.started -= 1;
        let mut elsewhere = asked.clone();
        elsewhere.is_here = false;
        let outcome = end(&[asked, forced, gone, elsewhere], Duration::from_millis(300));
        assert_eq!(outcome, [Ended::Asked, Ended::Forced, Ended::Before, Ended::Elsewhere]);
        assert!(!family.iter().any(|it| it.is_alive()));
        polite.wait().unwrap();
        deaf.wait().unwrap();
    }
}
