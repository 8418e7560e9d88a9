//! `ReplaceFileW`: puts a file in the place of another, which lends it its access list and streams.
#![expect(unsafe_code, reason = "no safe crate offers the call")]

use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null;

use windows_sys::Win32::Storage::FileSystem::{REPLACEFILE_IGNORE_MERGE_ERRORS, ReplaceFileW};

/// Puts `new` in the place of `target`, which has to be there.
///
/// # Errors
/// Where the system refuses; both files are then as they were.
pub(crate) fn replace(new: &Path, target: &Path) -> io::Result<()> {
    let wide = |path: &Path| -> Vec<u16> { path.as_os_str().encode_wide().chain([0]).collect() };
    let (new, target) = (wide(new), wide(target));
    // SAFETY: both paths end with zero and outlive the call; the other pointers may be null.
    match unsafe {
        ReplaceFileW(target.as_ptr(), new.as_ptr(), null(), REPLACEFILE_IGNORE_MERGE_ERRORS, null(), null())
    } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
