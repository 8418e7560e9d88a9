//! Disks and folders that can't be used as they are (Linux).

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faults::{content, snapshot, write_private};
use crate::support::{CANARY, Ran, Sandbox, feed};

/// Nobody in particular, without an entry in the list of users.
const STRANGER: u32 = 54321;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn run_as_root(program: &str, arguments: &[&str]) -> bool {
    let mut command = if is_root() { Command::new(program) } else { Command::new("sudo") };
    if !is_root() {
        command.args(["-n", program]);
    }
    command.args(arguments).output().is_ok_and(|output| output.status.success())
}

/// A small disk of its own, where this machine lets us have one.
pub(super) struct Disk(PathBuf);

impl Disk {
    /// The sandbox keeps its files on it.
    pub(super) fn under(sandbox: &Sandbox) -> Option<Self> {
        let path = sandbox.data();
        fs::create_dir(&path).unwrap();
        let owner = fs::metadata(&path).unwrap();
        let options = format!("size=64k,mode=700,uid={},gid={}", owner.uid(), owner.gid());
        let mounted = run_as_root("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", path.to_str().unwrap()]);
        mounted.then_some(Self(path))
    }

    /// Takes all the room that is left, until the file is removed.
    pub(super) fn is_filled_by(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = fs::File::create(&path).unwrap();
        while file.write_all(&[0; 1024]).is_ok() {}
        path
    }

    fn becomes_read_only(&self) {
        assert!(run_as_root("mount", &["-o", "remount,ro", self.0.to_str().unwrap()]));
    }

    fn becomes_writable(&self) {
        assert!(run_as_root("mount", &["-o", "remount,rw", self.0.to_str().unwrap()]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run_as_root("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

/// Runs it with files that end at 4 KiB, as on a disk that is full.
fn on_full_disk(sandbox: &Sandbox, arguments: &[&str], input: &[u8]) -> Ran {
    with_files_up_to(sandbox, "trap '' XFSZ; ulimit -f 4", arguments, input)
}

/// Runs it below a shell that sets this limit.
pub(super) fn with_files_up_to(sandbox: &Sandbox, limit: &str, arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new("/bin/bash");
    let script = format!(r#"ulimit -c 0; {limit}; exec "$@""#);
    command.args(["-c", &script, "bash", env!("CARGO_BIN_EXE_mcpcred")]).args(arguments);
    sandbox.surround(&mut command);
    Ran(feed(command, input))
}

#[test]
fn a_full_disk_loses_nothing() {
    let sandbox = Sandbox::new();
    let Some(disk) = Disk::under(&sandbox) else { return full_without_a_disk() };
    let sandbox = sandbox.with("TOKEN");
    let mut stored = 0;
    loop {
        let name = format!("N{stored}");
        let ran = sandbox.feed(["add", &name, "--stdin"], &vec![b'x'; 3000]);
        if ran.0.status.code() != Some(0) {
            ran.exits(1).says("No space left on device").says("make room on that disk, and call again");
            break;
        }
        stored += 1;
        assert!(stored < 100, "the disk is small");
    }
    let failed = sandbox.feed(["rotate", "TOKEN", "--stdin"], &vec![b'y'; 40_000]).exits(1);
    failed.says("No space left on device");
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    for number in 0..stored {
        sandbox.run(["get", &format!("N{number}")]).succeeds().prints(vec![b'x'; 3000]);
    }
    let listed = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(listed["credentials"].as_array().unwrap().len(), stored + 1, "no trace of the failed one");
    let half_written = fs::read_dir(&disk.0).unwrap().flatten();
    assert!(half_written.into_iter().all(|it| !it.file_name().to_string_lossy().ends_with("-tmp")));
}

/// The same through a limit on the size of files.
#[test]
fn full_without_a_disk() {
    let sandbox = Sandbox::new().with("TOKEN");
    let before = snapshot(&sandbox);
    let long = vec![b'x'; 20_000];
    for arguments in [&["add", "NEW", "--stdin"][..], &["rotate", "TOKEN", "--stdin"]] {
        on_full_disk(&sandbox, arguments, &long).exits(1).prints("").says("File too large");
        sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
        sandbox.run(["get", "NEW"]).exits(3);
    }
    let vault = |files: &[(PathBuf, Vec<u8>)]| files.iter().find(|it| it.0.ends_with("vault")).cloned();
    assert_eq!(vault(&snapshot(&sandbox)), vault(&before));
    let listed = sandbox.run(["list"]).succeeds().stdout();
    assert!(!listed.contains("NEW") && !listed.contains("interrupted"), "{listed}");
    sandbox.feed(["add", "NEW", "--stdin"], &long).succeeds();
}

#[test]
fn a_disk_that_became_read_only_is_still_read() {
    let sandbox = Sandbox::new();
    let Some(disk) = Disk::under(&sandbox) else { return a_folder_that_cannot_be_written_is_still_read() };
    let sandbox = sandbox.with("TOKEN");
    let before = snapshot(&sandbox);
    disk.becomes_read_only();
    let refused = sandbox.run(["get", "TOKEN"]).exits(1).prints("");
    refused.says("it can't be put on record").says("Read-only file system");
    // Whoever can do without a record says so.
    fs::create_dir(sandbox.path("config")).unwrap();
    fs::write(sandbox.path("config/config.toml"), "[audit]\nwhen_unwritable = \"allow\"\n").unwrap();
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY).says("this is not in the audit log");
    sandbox.run(["list"]).succeeds();
    for arguments in
        [&["add", "NEW", "--stdin"][..], &["rotate", "TOKEN", "--stdin"], &["delete", "TOKEN", "--yes"]]
    {
        let failed = sandbox.feed(arguments, b"value").exits(1).prints("");
        failed.says("Read-only file system").says("MCPCRED_DATA_DIR");
    }
    assert_eq!(snapshot(&sandbox), before);
    disk.becomes_writable();
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new").succeeds();
}

/// Runs it as somebody whom permissions bind: root is none.
fn as_stranger(sandbox: &Sandbox, program: &Path, arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(if is_root() { "setpriv" } else { "env" });
    if is_root() {
        let id = STRANGER.to_string();
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]);
    }
    command.arg(program).args(arguments);
    sandbox.surround(&mut command);
    Ran(feed(command, input))
}

/// Gives the home, the key and a copy of the program to the stranger, who can't reach ours.
fn home_of_stranger(sandbox: &Sandbox) -> PathBuf {
    let program = sandbox.path("mcpcred");
    // By a process of its own: a file that this one has open for writing is busy in every child of other tests.
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_mcpcred")).arg(&program).status().unwrap().success());
    if is_root() {
        for path in [sandbox.path(""), sandbox.path("key"), program.clone()] {
            chown(path, Some(STRANGER), Some(STRANGER)).unwrap();
        }
    }
    program
}

#[test]
fn a_folder_that_cannot_be_written_is_still_read() {
    let sandbox = Sandbox::new();
    let program = home_of_stranger(&sandbox);
    as_stranger(&sandbox, &program, &["add", "TOKEN", "--stdin"], CANARY.as_bytes()).succeeds();
    let before = snapshot(&sandbox);
    fs::set_permissions(sandbox.data(), fs::Permissions::from_mode(0o500)).unwrap();
    as_stranger(&sandbox, &program, &["get", "TOKEN"], b"").succeeds().prints(CANARY);
    as_stranger(&sandbox, &program, &["list"], b"").succeeds();
    for arguments in [&["add", "NEW", "--stdin"][..], &["rotate", "TOKEN", "--stdin"]] {
        let failed = as_stranger(&sandbox, &program, arguments, b"value").exits(1).prints("");
        failed.says("Permission denied").says("mcpcred doctor");
    }
    assert_eq!(snapshot(&sandbox), before);
    fs::set_permissions(sandbox.data(), fs::Permissions::from_mode(0o700)).unwrap();
    as_stranger(&sandbox, &program, &["rotate", "TOKEN", "--stdin"], b"new").succeeds();
}

#[test]
fn a_link_in_the_place_of_a_file_is_not_followed() {
    for name in ["vault", "index.json", "index.lock", "vault.lock", "store.json"] {
        let mut sandbox = Sandbox::new().with("TOKEN");
        sandbox.unset("MCPCRED_STORE");
        let file = sandbox.data().join(name);
        let elsewhere = sandbox.path("elsewhere");
        fs::rename(&file, &elsewhere).unwrap();
        symlink(&elsewhere, &file).unwrap();
        let before = (fs::read(&elsewhere).unwrap(), content(&sandbox, "vault"));
        let refused = sandbox.feed(["add", "NEW", "--stdin"], b"new").exits(1).prints("");
        let sentence = format!("{name}`: is a symbolic link, which mcpcred does not follow");
        refused.says("error: cannot use").says(&sentence);
        assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
        assert_eq!((fs::read(&elsewhere).unwrap(), content(&sandbox, "vault")), before);
        fs::remove_file(&file).unwrap();
        fs::rename(&elsewhere, &file).unwrap();
        sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    }
}

#[test]
fn a_dangling_link_makes_no_file_elsewhere() {
    for name in ["vault", "index.json", "index.lock", "store.json"] {
        let sandbox = Sandbox::new();
        fs::create_dir(sandbox.data()).unwrap();
        fs::set_permissions(sandbox.data(), fs::Permissions::from_mode(0o700)).unwrap();
        let elsewhere = sandbox.path("elsewhere");
        symlink(&elsewhere, sandbox.data().join(name)).unwrap();
        let refused = sandbox.feed(["add", "TOKEN", "--stdin"], CANARY.as_bytes());
        assert_ne!(refused.0.status.code(), Some(0), "{name}");
        assert!(!elsewhere.exists(), "{name}");
        refused.says("symbolic link");
    }
}

/// People do keep their data on another disk.
#[test]
fn a_data_folder_may_be_a_link_to_a_folder_of_ours_alone() {
    let sandbox = Sandbox::new().with("TOKEN");
    let elsewhere = sandbox.path("elsewhere");
    fs::rename(sandbox.data(), &elsewhere).unwrap();
    symlink(&elsewhere, sandbox.data()).unwrap();
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new").succeeds();
    sandbox.run(["get", "TOKEN"]).succeeds().prints("new");
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o777)).unwrap();
    sandbox.feed(["add", "OTHER", "--stdin"], b"x").exits(1).says("can be written by other users");
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let sandbox = Sandbox::new().with("TOKEN");
    let before = snapshot(&sandbox);
    for mode in [0o777, 0o770, 0o702] {
        fs::set_permissions(sandbox.data(), fs::Permissions::from_mode(mode)).unwrap();
        let refused = sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new").exits(1).prints("");
        refused.says("can be written by other users; take that away with `chmod go-w`");
    }
    fs::set_permissions(sandbox.data(), fs::Permissions::from_mode(0o700)).unwrap();
    for name in ["vault", "index.json"] {
        let file = sandbox.data().join(name);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        sandbox.run(["get", "TOKEN"]).exits(1).says("can be written by other users");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(snapshot(&sandbox), before);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let mut sandbox = Sandbox::new().with("TOKEN");
    if is_root() {
        chown(sandbox.data(), Some(STRANGER), None).unwrap();
    } else {
        // The folder of another, which everybody has.
        sandbox.set("MCPCRED_DATA_DIR", "/etc");
    }
    let refused = sandbox.feed(["add", "OTHER", "--stdin"], b"x").exits(1).prints("");
    refused.says("belongs to another user").says("mcpcred doctor");
    if is_root() {
        chown(sandbox.data(), Some(0), None).unwrap();
        chown(sandbox.data().join("vault"), Some(STRANGER), None).unwrap();
        sandbox.run(["get", "TOKEN"]).exits(1).says("belongs to another user");
    }
}

#[test]
fn a_key_file_that_everybody_reads_is_refused() {
    let sandbox = Sandbox::new().with("TOKEN");
    fs::set_permissions(sandbox.path("key"), fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.run(["get", "TOKEN"]).exits(1).says("can be read by everybody on this machine");
    write_private(&sandbox.path("key"), &"k".repeat(32));
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn without_a_home_there_is_no_place_and_a_variable_makes_one() {
    let sandbox = Sandbox::new();
    let program = home_of_stranger(&sandbox);
    let id = STRANGER.to_string();
    let may_sudo = !is_root() && run_as_root("true", &[]);
    let stranger = |variables: &[(&str, &Path)], arguments: &[&str]| {
        let setpriv = ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"];
        let words = if is_root() {
            setpriv.to_vec()
        } else if may_sudo {
            [&["sudo", "-n"], &setpriv[..]].concat()
        } else {
            // In a namespace of its own, anybody may be somebody else.
            vec!["unshare", "--user", "--map-user", &id]
        };
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["--", "env", "-i"]);
        for (name, value) in variables {
            command.arg(format!("{name}={}", value.display()));
        }
        command.arg(&program).args(arguments).current_dir("/");
        Ran(feed(command, b"value"))
    };
    if !is_root() {
        // What the stranger uses is to be reached by the stranger.
        fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    }
    for arguments in [&["get", "TOKEN"][..], &["list"], &["add", "TOKEN", "--stdin"]] {
        let refused = stranger(&[], arguments).exits(1).prints("");
        refused
            .says("error: there is no home folder to keep anything in")
            .says("set `HOME`, or `MCPCRED_DATA_DIR` and `MCPCRED_CONFIG_DIR`");
    }
    let (data, config) = (sandbox.path("theirs"), sandbox.path("config"));
    let own = [("MCPCRED_DATA_DIR", data.as_path()), ("MCPCRED_CONFIG_DIR", config.as_path())];
    stranger(&own, &["list"]).succeeds();
}
