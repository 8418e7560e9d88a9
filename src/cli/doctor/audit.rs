//! What `doctor` tells of the audit log: whether it is kept, where, how large it is, and whether it can be written.

use crate::app::App;
use crate::audit::{LogFiles, WhenUnwritable};
use crate::cli::doctor::{Finding, Status};

/// Its state, in one finding.
pub(super) fn examine(app: &App) -> Finding {
    let settings = &app.settings.audit.value;
    if app.credentials.stores().is_none() {
        return Finding::new("audit log", Status::Ok, "none is kept while the store is `none`");
    }
    if !settings.record {
        return Finding::new("audit log", Status::Warning, "none is kept, as `config.toml` says")
            .hint("take `record = false` below `[audit]` away, so that every use goes on record");
    }
    let files = LogFiles::in_folder(&app.settings.data_folder.value);
    let (count, bytes) = match files.size() {
        Ok(size) => size,
        Err(error) => {
            return Finding::new("audit log", Status::Problem, format!("it can't be read: {error}"));
        }
    };
    let most = u64::from(settings.file_mib) * u64::from(settings.files);
    let when = match settings.when_unwritable {
        WhenUnwritable::Refuse => "nothing is handed out that can't go on record",
        WhenUnwritable::Allow => "values are handed out even where that can't go on record",
    };
    let state = format!("{count} files with {} KiB, at most {most} MiB; {when}", bytes.div_ceil(1024));
    // Nothing is made by looking: where there is no log yet, there is nothing that could be wrong with it.
    let writable = if count == 0 {
        Ok(())
    } else {
        app.credentials.recorder().map_or(Ok(()), |it| it.log().check_writable())
    };
    match writable {
        Ok(()) => Finding::new("audit log", Status::Ok, state),
        Err(error) => Finding::new("audit log", Status::Problem, format!("{error}; {when}"))
            .hint("give the file back to yourself, or make room on that disk"),
    }
}
