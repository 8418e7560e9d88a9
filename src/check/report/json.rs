//! `json`: the whole report as one document; its schema is `src/cli/schemas/check.schema.json`.

use serde::Serialize;

use crate::check::finding::{Finding, Report, Status};
use crate::ui::json::write;

#[derive(Serialize)]
struct Document<'report> {
    schema_version: u32,
    profile: &'report str,
    root: String,
    live: bool,
    servers: usize,
    files: Vec<String>,
    summary: Summary,
    findings: &'report [Finding],
}

/// How many findings stand so.
#[derive(Serialize)]
struct Summary {
    ready: usize,
    unknown: usize,
    warning: usize,
    problem: usize,
}

pub(super) fn render(report: &Report) -> Result<String, serde_json::Error> {
    let document = Document {
        schema_version: 1,
        profile: &report.profile,
        root: report.root.to_string_lossy().into_owned(),
        live: report.live,
        servers: report.servers,
        files: report.files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        summary: Summary {
            ready: report.count(Status::Ready),
            unknown: report.count(Status::Unknown),
            warning: report.count(Status::Warning),
            problem: report.count(Status::Problem),
        },
        findings: &report.findings,
    };
    write(&document)
}
