//! Who else can read a file of this user's.

#[cfg(unix)]
use std::io;
#[cfg(unix)]
use std::path::Path;

/// Whether other users of this machine can read the file: by its mode and the modes of the folders above it, or, on
/// Windows, by its access control list. Administrators always can and don't count. Links are followed.
///
/// # Errors
/// Where that can't be found out.
#[cfg(unix)]
pub(crate) fn can_others_read(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    const READ: u32 = 0o4;
    const SEARCH: u32 = 0o1;
    let path = path.canonicalize()?;
    let own = rustix::process::geteuid().as_raw();
    let may = |place: &Path, right: u32| -> io::Result<(bool, bool)> {
        let metadata = place.metadata()?;
        // A group with the number of the user is that user's alone, as most Linux systems make it.
        let is_shared = metadata.gid() != own;
        Ok((metadata.mode() & right != 0, is_shared && metadata.mode() & (right << 3) != 0))
    };
    let (mut everybody, mut group) = may(&path, READ)?;
    for folder in path.ancestors().skip(1) {
        if !everybody && !group {
            break;
        }
        let (everybody_here, group_here) = may(folder, SEARCH)?;
        everybody &= everybody_here;
        group &= group_here || everybody_here;
    }
    Ok(everybody || group)
}

#[cfg(windows)]
pub(crate) use windows::can_others_read;

#[cfg(windows)]
#[expect(unsafe_code, reason = "the access control list of a file is told by Win32 alone")]
mod windows {
    use std::fs::File;
    use std::io;
    use std::os::windows::io::AsRawHandle;
    use std::path::Path;
    use std::ptr::{null_mut, read_unaligned};

    use windows_sys::Win32::Foundation::{ERROR_SUCCESS, GENERIC_ALL, GENERIC_READ, LocalFree};
    use windows_sys::Win32::Security::Authorization::{GetSecurityInfo, SE_FILE_OBJECT};
    use windows_sys::Win32::Security::{
        ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, GetAce, IsWellKnownSid, PSID,
        WinAnonymousSid, WinAuthenticatedUserSid, WinBuiltinGuestsSid, WinBuiltinUsersSid, WinWorldSid,
    };
    use windows_sys::Win32::Storage::FileSystem::FILE_READ_DATA;

    /// `ACCESS_ALLOWED_ACE_TYPE` of winnt.h.
    const ALLOWED: u8 = 0;
    /// `INHERIT_ONLY_ACE` of winnt.h: for children, not for the file.
    const INHERIT_ONLY: u8 = 8;

    /// As for Unix: whether a list of access rights lets everybody, all users or guests read.
    pub(crate) fn can_others_read(path: &Path) -> io::Result<bool> {
        let file = File::open(path)?;
        let mut list: *mut ACL = null_mut();
        let mut descriptor = null_mut();
        // SAFETY: the handle is open, the two pointers are places of our own, and the others may be null.
        let status = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                DACL_SECURITY_INFORMATION,
                null_mut(),
                null_mut(),
                &raw mut list,
                null_mut(),
                &raw mut descriptor,
            )
        };
        if status != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(status.cast_signed()));
        }
        // SAFETY: `list` lies in `descriptor`, which lives until it is freed below, once.
        let open = unsafe { is_open(list) };
        // SAFETY: as above.
        unsafe { LocalFree(descriptor) };
        Ok(open)
    }

    /// A file without a list is open to everybody.
    ///
    /// # Safety
    /// `list` is null or points to a list as the system gave it.
    unsafe fn is_open(list: *const ACL) -> bool {
        if list.is_null() {
            return true;
        }
        // SAFETY: it points to a list.
        let count = u32::from(unsafe { (*list).AceCount });
        (0..count).any(|at| {
            let mut entry = null_mut();
            // SAFETY: `at` is below the count, and `entry` is a place of our own.
            if unsafe { GetAce(list, at, &raw mut entry) } == 0 {
                return false;
            }
            // SAFETY: every entry begins with a header.
            let header: ACE_HEADER = unsafe { read_unaligned(entry.cast()) };
            if header.AceType != ALLOWED || header.AceFlags & INHERIT_ONLY != 0 {
                return false;
            }
            // SAFETY: an entry of this type has this form; its identifier begins at `SidStart`.
            let (mask, who) = unsafe {
                let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
                (read_unaligned(&raw const (*entry).Mask), (&raw mut (*entry).SidStart).cast())
            };
            mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL) != 0 && is_public(who)
        })
    }

    fn is_public(who: PSID) -> bool {
        [WinWorldSid, WinAuthenticatedUserSid, WinBuiltinUsersSid, WinBuiltinGuestsSid, WinAnonymousSid]
            .into_iter()
            // SAFETY: it lies in an entry as the system gave it.
            .any(|group| unsafe { IsWellKnownSid(who, group) } != 0)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_as_open_as_the_folders_above_it_let_it_be() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, file) = (folder.path().join("inner"), folder.path().join("inner/file"));
        fs::create_dir(&inner).unwrap();
        fs::write(&file, "x").unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        set(folder.path(), 0o755);
        set(&inner, 0o755);
        for (mode, expected) in [(0o600, false), (0o604, true), (0o644, true), (0o200, false)] {
            set(&file, mode);
            assert_eq!(can_others_read(&file).unwrap(), expected, "{mode:o}");
        }
        set(&file, 0o644);
        set(&inner, 0o700);
        assert!(!can_others_read(&file).unwrap());
        assert!(can_others_read(&folder.path().join("none")).is_err());
    }
}
