//! `.env` files, compared with what their own programs read: `.ci/prepare` installs both.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::import::dotenv::assignment::Reading;

fn parsers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/parsers")
}

fn file(text: &str) -> DotenvFile {
    DotenvFile::parse(Path::new(".env"), Secret::copy_of(text.as_bytes())).unwrap()
}

/// Key and value of every variable; nothing for one that is empty.
type Values = BTreeMap<String, String>;

fn own(file: &DotenvFile, dialect: Dialect) -> Values {
    let mut values = Values::new();
    for (_, assignments) in file.readers(Some(dialect)) {
        for assignment in assignments {
            let text = match &assignment.reading {
                Reading::Value(value) | Reading::Quotes(Some(value)) => {
                    value.expose_secret_str().unwrap().to_owned()
                }
                Reading::Empty => String::new(),
                // Python takes no notice of it.
                Reading::Quotes(None) => continue,
            };
            values.insert(assignment.key.to_string(), text);
        }
    }
    values
}

/// What the programs themselves read in each of these files, in one process each.
fn theirs(texts: &[String], dialect: Dialect) -> Option<Vec<Values>> {
    // Under Wine there is neither Node nor Python.
    if cfg!(windows) {
        return None;
    }
    let module = match dialect {
        Dialect::Node => parsers().join("node_modules/dotenv"),
        Dialect::Python => parsers().join("python"),
    };
    if !module.exists() && option_env!("CI").is_none() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in texts.iter().enumerate() {
        fs::write(folder.path().join(number.to_string()), text).unwrap();
    }
    let (place, count) = (folder.path().display(), texts.len());
    let module = module.display();
    let script = match dialect {
        Dialect::Node => format!(
            "const fs=require('fs'),d=require('{module}'),all=[];\
             for(let i=0;i<{count};i++)all.push(d.parse(fs.readFileSync('{place}/'+i,'utf8')));\
             process.stdout.write(JSON.stringify(all))"
        ),
        Dialect::Python => format!(
            "import sys,json,logging;sys.path.insert(0,'{module}');logging.disable()\n\
             from dotenv import dotenv_values\n\
             print(json.dumps([{{k:v or '' for k,v in dotenv_values('{place}/%d'%i,interpolate=False).items()}} \
             for i in range({count})]))"
        ),
    };
    let mut command = match dialect {
        Dialect::Node => Command::new("node"),
        Dialect::Python => Command::new("python3"),
    };
    command.arg(if dialect == Dialect::Node { "-e" } else { "-c" }).arg(script);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn compare(texts: &[String]) {
    for dialect in [Dialect::Node, Dialect::Python] {
        let Some(theirs) = theirs(texts, dialect) else { return };
        assert_eq!(theirs.len(), texts.len());
        for (text, theirs) in texts.iter().zip(theirs) {
            assert_eq!(own(&file(text), dialect), theirs, "{dialect:?} reads {text:?} like this");
        }
    }
}

/// What people write, and what they should not.
const WRITTEN: &[&str] = &[
    "A=1",
    "A=1\nB=2\n",
    "\u{feff}A=1\r\nB=2\r\n",
    "A=1\rB=2\r",
    "# comment\n\n  A = 1  \n",
    "export A=1\nexport  B=2\nexport C = 3",
    "export=1\nexport =2",
    "A='it is'\nB=\"it is\"\nC=`it is`",
    "A='$X ${X} $(id)'\nB=\"$X ${X:-y}\"\nC=$X",
    "A=\"one\\ntwo\\tthree\\\\four\\\"five\"",
    "A='one\\ntwo\\'three\\\\four'",
    "A=\"-----BEGIN KEY-----\nabc\n-----END KEY-----\"\nB=2",
    "A='one\ntwo'\nB=`one\ntwo`",
    "A=one # comment\nB=one#two\nC='one' # two\nD='one # two'\nE=#x\nF= # x\nG=\"a\"#b",
    "A=\nB=''\nC=\"\"\nD\nE =\n",
    "A=1\nA=2\nA=3",
    "A=\"unclosed\nB=2\nC=3",
    "A='unclosed\nB=2",
    "A=`unclosed\nB=2",
    "A=\"x\" y\nB=2",
    "A='it's'\nB='a'b'",
    "A: 1\nB:  2\nC:3",
    "A.B=1\nA-B=2\n1A=3\n'Q'=4\n\"R\"=5",
    "A = = 1\nB==1\nC=a=b",
    "A=\n\n\"late\"\n",
    "A=x\u{2028}B=y\nC='z'\u{2028}D=w",
    "A=\u{a0}x\u{a0}\nB=\u{85}x\u{85}",
    "this is no assignment\nA=1\n= 2\n#",
    "A={\"a\": \"b\"}\nB='{\"a\": \"b\"}'",
    "A=postgres://u:p#w@h/d\nB=\"postgres://u:p#w@h/d\"",
    "A=\"\\\"\"\nB='\\''\nC=\"\\\\\"\nD='\\\\'\nE=\"a\\\\\"b\"",
    "A=\"x\\r\\ny\"\nB=x\\ny",
    "if true; then\n  export A=1\nfi",
    "A=\u{1f511}é\nÉ=1",
    "\n\n\n",
    "",
    "   ",
    "A=1\u{c}\nB=2\u{b}",
    "export\tA=1\nexport\u{a0}B=2",
];

#[test]
fn both_programs_read_what_we_read() {
    let texts: Vec<String> = WRITTEN.iter().map(|&text| text.to_owned()).collect();
    compare(&texts);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// Some hundred files a process, so that few processes are needed.
    #[test]
    fn any_file_is_read_as_its_program_reads_it(
        texts in prop::collection::vec(
            "(([AB]|export )?[AB=:# '\"`\\\\\n\r\tnrt$\\{\\}.-]|[a-c]=['\"`]?|\n|\r\n|['\"`]|[\u{85}\u{a0}\u{feff}\u{2028}\u{1c}é\u{1f511}]){0,24}",
            100..300,
        ),
    ) {
        compare(&texts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_left_of_a_file_is_byte_for_byte_what_was_there(
        text in "(([AB]|export )?[AB=:# '\"`\\\\\n\rn.-]|[A-C]=['\"`]?x|\n|\r\n|['\"`]){0,30}",
    ) {
        let whole = file(&text);
        for dialect in [None, Some(Dialect::Node), Some(Dialect::Python)] {
            for variable in whole.variables(dialect) {
                let Some(rest) = whole.without(&[variable.key], dialect) else { continue };
                let rest = rest.expose_secret_str().unwrap().to_owned();
                prop_assert!(file(&rest).variables(dialect).iter().all(|it| it.key != variable.key));
                // Lines of the file, in order, and nothing else.
                let mut lines = text.split_inclusive(['\n', '\r']);
                for line in rest.split_inclusive(['\n', '\r']) {
                    prop_assert!(lines.any(|it| it == line), "{rest:?} is not of {text:?}");
                }
            }
        }
    }
}

fn flaw(text: &str, dialect: Option<Dialect>) -> Option<Flaw> {
    file(text).variables(dialect).iter().find(|it| it.key == "A").unwrap().value().err()
}

#[test]
fn where_the_dialects_differ_is_told() {
    for text in ["A='a\\'b'", "A=`b`", "A=\"a\\tb\"", "A=a#b", "A: b", "A=\n'b'", "A=\"a\\\\b\""] {
        assert_eq!(flaw(text, None), Some(Flaw::Dialects), "{text}");
    }
    for text in
        ["A=b", "A='b'", "A=\"b\\nc\"", "export A=b # c", "A=$B", "A=''", "A", "A=\"b\nc\"", "A='a#b'"]
    {
        assert_eq!(flaw(text, None), None, "{text}");
    }
    assert_eq!(flaw("A=a#b", Some(Dialect::Node)), None);
    assert_eq!(flaw("A=a#b", Some(Dialect::Python)), None);
}

#[test]
fn a_quote_that_does_not_close_is_no_value() {
    for dialect in [Dialect::Node, Dialect::Python] {
        assert_eq!(flaw("A=\"b\nB=c", Some(dialect)), Some(Flaw::Quotes), "{dialect:?}");
        assert_eq!(flaw("A=\"a\" b", Some(dialect)), Some(Flaw::Quotes), "{dialect:?}");
    }
}

#[test]
fn the_last_assignment_counts_and_the_earlier_ones_are_known() {
    let file = file("A=1\nB=2\nA=3\n");
    let variables = file.variables(None);
    let a = variables.iter().find(|it| it.key == "A").unwrap();
    assert_eq!(a.value().ok().flatten().unwrap().expose_secret(), b"3");
    assert_eq!((a.line(), a.earlier_lines()), (3, vec![1]));
    assert!(a.hides_another_value());
    assert_eq!(file.without(&["A"], None).unwrap().expose_secret(), b"B=2\n");
}

#[test]
fn lines_go_and_everything_else_stays_byte_for_byte() {
    let text = "\u{feff}# first\r\n\r\nexport A='1\r\n2' # gone\r\n  B = 2 # stays\r\nC=3";
    let rest = |keys: &[&str]| {
        String::from_utf8(file(text).without(keys, None).unwrap().expose_secret().to_vec()).unwrap()
    };
    assert_eq!(rest(&["A"]), "\u{feff}# first\r\n\r\n  B = 2 # stays\r\nC=3");
    assert_eq!(rest(&["C"]), "\u{feff}# first\r\n\r\nexport A='1\r\n2' # gone\r\n  B = 2 # stays\r\n");
    assert_eq!(rest(&["A", "B", "C"]), "\u{feff}# first\r\n\r\n");
    assert_eq!(rest(&[]), text);
}

#[test]
fn what_is_no_text_is_refused() {
    let refused = |bytes: &[u8]| DotenvFile::parse(Path::new(".env"), Secret::copy_of(bytes)).err().unwrap();
    assert!(matches!(refused(b"\xff\xfeA\0=\x001\0"), DotenvError::Wide(_)));
    assert!(matches!(refused(b"A=1\nB=\xe9"), DotenvError::NotText { place, .. } if place.line == 2));
    assert!(matches!(refused(&vec![b'x'; MAX_DOTENV + 1]), DotenvError::TooLarge(_)));
}

#[test]
fn a_file_that_is_made_to_take_long_does_not() {
    // What takes time by the square would take hours.
    let lines = |line: &str| line.repeat(MAX_DOTENV / 4 / line.len());
    let start = std::time::Instant::now();
    for text in ["\n", "A=\"\n", "A='\\'x", "A=\n\n", "A=x#", " ", "A", "A='a'b\n", "A=`\\`\n"].map(lines) {
        _ = file(&text);
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn a_line_with_a_mark_before_its_key_is_told_of_once() {
    let file = file("A=1\n\u{feff}B=2\n");
    let keys = |dialect| file.variables(dialect).iter().map(|it| it.key.to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(None), ["A", "B"]);
    assert_eq!(keys(Some(Dialect::Node)), ["A", "B"]);
    assert_eq!(keys(Some(Dialect::Python)), ["A", "\u{feff}B"]);
    // It is not read alike, and nobody takes one reading for both.
    assert_eq!(file.variables(None)[1].value().unwrap_err(), Flaw::Dialects);
}
