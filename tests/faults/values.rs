//! Values and names that are not what a token looks like.

use crate::faults::snapshot;
use crate::support::Sandbox;

const MEBIBYTE: usize = 1024 * 1024;

#[test]
fn what_no_variable_can_hold_is_refused() {
    let sandbox = Sandbox::new().with("TOKEN");
    let before = snapshot(&sandbox);
    let too_long = vec![b'x'; MEBIBYTE + 1];
    for (value, sentence) in [
        (&b""[..], "error: the value is empty, and nothing was stored"),
        (b"\n", "error: the value is empty, and nothing was stored"),
        (b"a\0b", "error: the value holds a NUL byte"),
        (&too_long, "error: the value has more than 1 MiB, and nothing was stored"),
    ] {
        for command in ["add", "rotate"] {
            let name = if command == "add" { "NEW" } else { "TOKEN" };
            sandbox.feed([command, name, "--stdin"], value).exits(2).prints("").says(sentence);
        }
    }
    assert_eq!(snapshot(&sandbox), before);
}

#[test]
fn a_value_of_a_mebibyte_comes_back() {
    let sandbox = Sandbox::new();
    let value: Vec<u8> = (0..MEBIBYTE).map(|at| b'a' + u8::try_from(at % 25).unwrap()).collect();
    sandbox.feed(["add", "LONG", "--stdin"], &value).succeeds();
    assert!(sandbox.run(["get", "LONG"]).succeeds().0.stdout == value);
    // The newline that the tool before it wrote does not count.
    let line = [&value[..], b"\n"].concat();
    sandbox.feed(["rotate", "LONG", "--stdin"], &line).succeeds();
    assert!(sandbox.run(["get", "LONG"]).succeeds().0.stdout == value);
}

#[test]
fn any_other_bytes_come_back() {
    let sandbox = Sandbox::new();
    let everything: Vec<u8> = (1..=255).collect();
    let values = [
        &everything[..],
        b"\xff\xfe\xc0\xaf",
        b"it's \"quoted\" and `ticked`",
        b"two\nlines\r\n\nand more",
        b"$(touch pwned) ${HOME} %PATH% !x \\",
        " grüße 🦀 ".as_bytes(),
        b"mcpcred-ref:v1:looks:like:ours",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ];
    for (number, value) in values.iter().enumerate() {
        let name = format!("VALUE_{number}");
        sandbox.feed(["add", &name, "--stdin"], value).succeeds();
        assert_eq!(sandbox.run(["get", &name]).succeeds().0.stdout, *value, "{number}");
    }
    assert!(!sandbox.path("pwned").exists());
}

#[test]
fn a_twin_in_another_case_is_the_same_credential() {
    let sandbox = Sandbox::new().with("TOKEN");
    let before = snapshot(&sandbox);
    for twin in ["token", "Token", "tOKEN"] {
        sandbox.feed(["add", twin, "--stdin"], b"x").exits(1).says("`TOKEN` exists already");
    }
    assert_eq!(snapshot(&sandbox), before);
    sandbox.feed(["rotate", "token", "--stdin"], b"new").succeeds();
    sandbox.run(["get", "Token"]).succeeds().prints("new");
    sandbox.run(["delete", "tokeN", "--yes"]).succeeds();
    sandbox.run(["get", "TOKEN"]).exits(3);
}

#[test]
fn a_name_that_is_none_is_wrong_usage() {
    let sandbox = Sandbox::new();
    let long = "N".repeat(129);
    for name in ["1TOKEN", "MY-TOKEN", "A B", "", "ä", "A=B", "../x", &long] {
        sandbox.feed(["add", "--stdin", "--", name], b"x").exits(2).prints("");
    }
    assert!(!sandbox.data().exists());
}
