//! Placeholders that are not the client's: those that the program in an entry expands itself.

use crate::catalog::client::{FieldKind, ReferenceSyntax, Unset};
use crate::configuration::entry::{Field, ServerEntry};
use crate::reference::Reference;

impl ServerEntry<'_> {
    /// Whether a placeholder in one of its fields is for the program that is started, which finds the name among the
    /// entry's own variables and what the client passes on: `${AUTH}` in a header of `mcp-remote`, `$KEY` in the
    /// command line of a shell or of a helper.
    ///
    /// Not, where the client expands it before, and leaves nothing of it or refuses to start the server.
    pub(crate) fn expands_itself(&self, field: &Field<'_>, reference: &Reference) -> bool {
        use ReferenceSyntax as S;
        let is_of_shells = matches!(
            reference.syntax,
            S::Dollar
                | S::Braces
                | S::BracesDefault
                | S::BracesRequired
                | S::Command
                | S::Percent
                | S::DollarEnv
        );
        let is_its_own = match field.kind {
            FieldKind::Helper => is_of_shells,
            FieldKind::Args if self.runs_shell() => is_of_shells,
            FieldKind::Args if self.runs_mcp_remote() => reference.syntax == S::Braces && is_header(field),
            _ => false,
        };
        let references = self.references();
        let is_expanded_before = references.syntaxes_in(field.kind).contains(&reference.syntax)
            && (references.unset_in(field.kind) != Unset::Literal || reference.syntax == S::Command);
        is_its_own && !is_expanded_before
    }
}

/// Whether an argument is what follows `--header`: it is called by the name of the header, or by the flag where it
/// has none.
fn is_header(field: &Field<'_>) -> bool {
    let is_named = field.part.is_some() && !field.name.starts_with('-');
    is_named || matches!(field.name.as_str(), "--header" | "--headers" | "-H")
}
