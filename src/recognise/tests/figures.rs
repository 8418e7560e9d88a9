//! Precision and recall, of the cases that the rules were written with and of those that came after.

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
    faults: Vec<String>,
}

impl Figures {
    fn of(detector: &Detector<'_>, providers: &[Provider], secrets: &[Case], harmless: &[Case]) -> Self {
        let mut figures = Self { secrets: secrets.len(), harmless: harmless.len(), ..Self::default() };
        for case in secrets {
            figures.count(case, &examine(detector, case), providers);
        }
        for case in harmless {
            let found = examine(detector, case);
            if !found.is_empty() {
                figures.alarms += 1;
                let what: Vec<_> = found.iter().map(|it| it.what().into_owned()).collect();
                figures.faults.push(format!("alarm: {} ({})", case.line, what.join(", ")));
            }
        }
        figures
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
            None => self.faults.push(format!("missed: {} [{}]", case.line, case.text)),
            Some(it) if !is_exact => self.faults.push(format!(
                "inexact: {} ({:?} for {secret:?}, {} in all)",
                case.line,
                it.span,
                found.len()
            )),
            Some(_) if !is_right => self.faults.push(format!("taken for {shape}: {}", case.line)),
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

/// What the cases that the rules were written with show, and what those show that were written afterwards.
fn parts() -> [(&'static str, Vec<Case>, Vec<Case>); 2] {
    [
        (
            "written before the rules",
            secrets(include_str!("secret.txt")),
            harmless(include_str!("harmless.txt")),
        ),
        (
            "written after the rules",
            secrets(include_str!("secret-later.txt")),
            harmless(include_str!("harmless-later.txt")),
        ),
    ]
}

#[test]
fn nothing_with_a_known_beginning_is_missed_and_alarms_are_few() {
    let providers = providers();
    let detector = Detector::new(&providers);
    for (what, secrets, harmless) in parts() {
        let figures = Figures::of(&detector, &providers, &secrets, &harmless);
        let report = format!("{}\n{}", figures.line(what), figures.faults.join("\n"));
        println!("{report}");
        assert_eq!(figures.known_found, figures.known, "{report}");
        assert!(figures.alarms * 100 < figures.harmless, "{report}");
        assert!(figures.found * 100 >= figures.secrets * 98, "{report}");
        assert!(figures.exact * 100 >= figures.secrets * 97, "{report}");
    }
}
