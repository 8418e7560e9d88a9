//! `mcpcred store status`: which store is used, who decided that, and whether it answers.

use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::cli::Outcome;
use crate::credentials::ChosenBy;
use crate::failure::Failure;
use crate::store::StoreKind;
use crate::store::detect::Answer;
use crate::store::vault::{SlotKind, Vault};
use crate::ui::table::Table;

/// Show which store is used, who decided that, and what every store answers; asks nobody
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Status {
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `store status --json`; its schema is `src/cli/schemas/store-status.schema.json`.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    store: Option<StoreKind>,
    chosen_by: Option<ChosenBy>,
    decided: Option<Timestamp>,
    why: Option<String>,
    credentials: Option<usize>,
    stores: Vec<Row>,
    vault: Option<VaultRow>,
}

#[derive(Serialize)]
struct Row {
    store: StoreKind,
    answer: &'static str,
    reason: Option<String>,
}

#[derive(Serialize)]
struct VaultRow {
    path: String,
    format: u16,
    cipher: &'static str,
    created: Timestamp,
    generation: u64,
    kept_open: bool,
    slots: Vec<SlotRow>,
}

#[derive(Serialize)]
struct SlotRow {
    slot: u32,
    kind: SlotKind,
    created: Timestamp,
    derivation: String,
}

impl Status {
    pub(in crate::cli) fn run(self, app: &App) -> Outcome {
        let document = Document::gather(app)?;
        if self.json {
            app.print_json(&document)?;
        } else {
            app.ui.data(document.text(app).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Document {
    fn gather(app: &App) -> Result<Self, Failure> {
        let stores = app.credentials.stores();
        let current = stores.current()?;
        let record = stores.record()?.filter(|record| Some(record.store) == current.map(|it| it.kind));
        let vault =
            app.unlocking.has_vault().then(|| Vault::facts(&app.unlocking.vault_path())).transpose()?;
        let vault = vault.map(|facts| VaultRow {
            path: app.unlocking.vault_path().display().to_string(),
            format: facts.format,
            cipher: facts.cipher,
            created: facts.created,
            generation: facts.generation,
            kept_open: app.unlocking.is_kept_open(&facts.vault_id, app.credentials.now()),
            slots: facts
                .slots
                .into_iter()
                .map(|slot| SlotRow {
                    slot: slot.id,
                    kind: slot.kind,
                    created: slot.created,
                    derivation: slot.derivation,
                })
                .collect(),
        });
        let rows = app.unlocking.probes().into_iter().map(|probe| {
            let (answer, reason) = match probe.answer {
                Answer::Usable => ("usable", None),
                Answer::Locked { .. } => ("locked", None),
                Answer::Absent { reason } => ("absent", Some(reason)),
                Answer::Silent => ("silent", None),
            };
            Row { store: probe.kind, answer, reason }
        });
        Ok(Self {
            schema_version: 1,
            store: current.map(|choice| choice.kind),
            chosen_by: current.map(|choice| choice.by),
            decided: record.as_ref().map(|record| record.decided),
            why: record.map(|record| record.why),
            credentials: app.credentials.list_if_whole().map(|all| all.len()),
            stores: rows.collect(),
            vault,
        })
    }

    fn text(&self, app: &App) -> String {
        let mut table = Table::new(&["", ""]);
        let mut line = |title: &str, text: &str| table.row(&[title, text]);
        line("store", self.store.map_or("none yet; the first `mcpcred add` decides", StoreKind::as_str));
        if let Some(by) = self.chosen_by {
            line("chosen by", by.as_str());
        }
        if let (Some(decided), Some(why)) = (self.decided, &self.why) {
            line("decided", &format!("{}: {why}", decided.strftime("%Y-%m-%d")));
        }
        if let Some(credentials) = self.credentials {
            line("credentials", &credentials.to_string());
        }
        for row in &self.stores {
            line(row.store.as_str(), row.reason.as_deref().unwrap_or(row.answer));
        }
        if let Some(vault) = &self.vault {
            line("vault", &vault.path);
            line(
                "",
                &format!("format {}, {}, written {} times", vault.format, vault.cipher, vault.generation),
            );
            for slot in &vault.slots {
                let made = slot.created.strftime("%Y-%m-%d");
                line(
                    "",
                    &format!("slot {}: {}, {}, made {made}", slot.slot, slot.kind.as_str(), slot.derivation),
                );
            }
            line("", if vault.kept_open { "kept open by `store unlock`" } else { "not kept open" });
        }
        table.render(app.ui.data_width())
    }
}
