//! Precision and recall, of the cases that the rules were written with and of those that came after.

use std::collections::BTreeSet;

use super::corpus::{Case, harmless, secrets};
use crate::catalog::provider::{Certainty, Provider, Providers};
use crate::document::Text;
use crate::recognise::{Context, Detector, Recognised};

fn providers() -> Vec<Provider> {
    Providers::embedded().unwrap().providers
}

fn examine<'c>(detector: &Detector<'c>, case: &Case) -> Vec<Recognised<'c>> {
    let text = Text::of(&case.text);
    match case.field {
        Some(field) => detector.examine(&Context { name: &case.name, field }, text),
        None => detector.examine_prose(text),
    }
}

/// What came of a part of the corpus.
#[derive(Default)]
struct Figures {
    secrets: usize,
    found: usize,
    exact: usize,
    known: usize,
    known_found: usize,
    named_right: usize,
    harmless: usize,
    alarms: usize,
    faults: BTreeSet<String>,
}

impl Figures {
    fn add(&mut self, detector: &Detector<'_>, providers: &[Provider], secrets: &[Case], harmless: &[Case]) {
        self.secrets += secrets.len();
        self.harmless += harmless.len();
        for case in secrets {
            self.count(case, &examine(detector, case), providers);
        }
        for case in harmless {
            let found = examine(detector, case);
            if !found.is_empty() {
                self.alarms += 1;
                let what: Vec<_> = found.iter().map(|it| it.what().into_owned()).collect();
                self.faults.insert(format!("alarm: {} ({})", case.line, what.join(", ")));
            }
        }
    }

    fn count(&mut self, case: &Case, found: &[Recognised<'_>], providers: &[Provider]) {
        let secret = case.secret.clone().unwrap();
        let is_known = providers
            .iter()
            .flat_map(|it| &it.tokens)
            .any(|shape| shape.id == case.expected && shape.certainty == Certainty::Sure);
        let overlapping = found.iter().find(|it| it.span.start < secret.end && secret.start < it.span.end);
        let shape = overlapping.and_then(|it| it.shape).map_or("", |shape| shape.id.as_str());
        let is_exact = overlapping.is_some_and(|it| it.span == secret) && found.len() == 1;
        let is_right =
            shape == case.expected || (shape.is_empty() && ["name", "uri"].contains(&case.expected.as_str()));
        self.found += usize::from(overlapping.is_some());
        self.exact += usize::from(is_exact);
        self.known += usize::from(is_known);
        self.known_found += usize::from(is_known && overlapping.is_some());
        self.named_right += usize::from(overlapping.is_some() && is_right);
        match overlapping {
            None => drop(self.faults.insert(format!("missed: {}", case.line))),
            Some(_) if !is_exact => drop(self.faults.insert(format!("inexact: {}", case.line))),
            Some(_) if !is_right => drop(self.faults.insert(format!("taken for {shape}: {}", case.line))),
            Some(_) => {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    fn percent(part: usize, whole: usize) -> f64 {
        100.0 * part as f64 / whole as f64
    }

    fn line(&self, what: &str) -> String {
        format!(
            "{what}: recall {:.1} % ({} of {}), exact {:.1} %, kind told {:.1} %, known beginnings {} of {}; \
             precision {:.1} %, false alarms {:.2} % ({} of {})",
            Self::percent(self.found, self.secrets),
            self.found,
            self.secrets,
            Self::percent(self.exact, self.secrets),
            Self::percent(self.named_right, self.secrets),
            self.known_found,
            self.known,
            Self::percent(self.found, self.found + self.alarms),
            Self::percent(self.alarms, self.harmless),
            self.alarms,
            self.harmless,
        )
    }
}

/// How often the secrets of every case are drawn.
const DRAWS: u8 = 10;

/// What the cases that the rules were written with show, and what those show that were written afterwards.
const PARTS: [(&str, &str, &str); 2] = [
    ("written before the rules", include_str!("secret.txt"), include_str!("harmless.txt")),
    ("written after the rules", include_str!("secret-later.txt"), include_str!("harmless-later.txt")),
];

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at, with --nocapture")]
fn nothing_with_a_known_beginning_is_missed_and_alarms_are_few() {
    let providers = providers();
    let detector = Detector::new(&providers);
    for (what, of_secrets, of_harmless) in PARTS {
        let mut figures = Figures::default();
        for draw in 0..DRAWS {
            let (secrets, harmless) = (secrets(of_secrets, draw), harmless(of_harmless, draw));
            figures.add(&detector, &providers, &secrets, &harmless);
        }
        let faults: Vec<_> = figures.faults.iter().map(String::as_str).collect();
        let report = format!("{}\n{}", figures.line(what), faults.join("\n"));
        println!("{report}");
        assert_eq!(figures.known_found, figures.known, "{report}");
        assert!(figures.alarms * 100 < figures.harmless, "{report}");
        assert!(figures.found * 100 >= figures.secrets * 98, "{report}");
        assert!(figures.exact * 100 >= figures.secrets * 97, "{report}");
    }
}
