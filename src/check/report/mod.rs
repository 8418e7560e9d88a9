//! Findings for a person (`text`) and for programs (`json`, `github`, `sarif`, `junit`).
