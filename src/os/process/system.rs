//! The few calls that no safe crate offers. All unsafe code about processes is here.
#![expect(unsafe_code, reason = "calls of the system, each with the reason why it is sound")]

#[cfg(unix)]
pub(super) use unix::{close_on_start, duplicate, take_sigpipe_by_default};

#[cfg(target_os = "macos")]
pub(super) use mac::{ancestors, parent_program, process, processes};

#[cfg(windows)]
pub(super) use windows::{
    Job, ancestors, leave_interrupts_to_the_child, parent_program, process, processes, terminate,
};

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::os::fd::{BorrowedFd, RawFd};

    use nix::sys::signal::{SigHandler, Signal, signal};

    /// Lets SIGPIPE end the process (`true`) or ignores it (`false`). Answers whether it was ignored.
    ///
    /// Rust ignores SIGPIPE before `main`, and an ignored signal stays ignored in the program that takes our
    /// place: `mcpcred run -- yes | head` would never end. Whether the caller had it ignored can no longer be
    /// seen then, so the program gets the default, as from `std::process::Command`.
    pub(in super::super) fn take_sigpipe_by_default(default: bool) -> bool {
        let handler = if default { SigHandler::SigDfl } else { SigHandler::SigIgn };
        // SAFETY: neither disposition runs code of ours in a signal handler.
        let former = unsafe { signal(Signal::SIGPIPE, handler) };
        matches!(former, Ok(SigHandler::SigIgn))
    }

    /// A second descriptor, closed at the next `exec`, on what is open under this number.
    ///
    /// # Errors
    /// Where nothing is.
    pub(in super::super) fn duplicate(descriptor: RawFd) -> io::Result<File> {
        if descriptor < 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: as below; it is not -1, the one number that a borrowed descriptor never has.
        let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
        Ok(File::from(rustix::io::fcntl_dupfd_cloexec(borrowed, 3)?))
    }

    /// Closes a descriptor of this number at the next `exec`, where there is one.
    pub(in super::super) fn close_on_start(descriptor: RawFd) {
        // SAFETY: the descriptor is used for this one call, which answers EBADF where nothing is open.
        let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
        _ = rustix::io::fcntl_setfd(borrowed, rustix::io::FdFlags::CLOEXEC);
    }
}

#[cfg(target_os = "macos")]
mod mac {
    /// The path of the parent's executable.
    pub(in super::super) fn parent_program() -> Option<String> {
        let mut path = vec![0_u8; 4096];
        let size = u32::try_from(path.len()).ok()?;
        let parent = rustix::process::getppid()?.as_raw_nonzero().get();
        // SAFETY: the buffer has `size` bytes, of which the call writes at most that many.
        let length = unsafe { libc::proc_pidpath(parent, path.as_mut_ptr().cast(), size) };
        path.truncate(usize::try_from(length).ok().filter(|length| *length > 0)?);
        String::from_utf8(path).ok()
    }

    /// What the system tells of a process; of other users' it may tell nothing.
    fn facts(pid: u32) -> Option<libc::proc_bsdinfo> {
        let number = i32::try_from(pid).ok()?;
        let size = i32::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
        let mut facts = std::mem::MaybeUninit::<libc::proc_bsdinfo>::zeroed();
        // SAFETY: the buffer has `size` bytes, of which the call writes at most that many.
        let written =
            unsafe { libc::proc_pidinfo(number, libc::PROC_PIDTBSDINFO, 0, facts.as_mut_ptr().cast(), size) };
        if written != size {
            return None;
        }
        // SAFETY: numbers alone, of which all bits may be zero, and the call wrote every one.
        Some(unsafe { facts.assume_init() })
    }

    /// The names of the programs that led to us, the nearest first, at most `depth`.
    pub(in super::super) fn ancestors(depth: usize) -> Vec<String> {
        let mut names = Vec::new();
        let parent = rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get());
        let mut next = parent.and_then(|parent| u32::try_from(parent).ok());
        while let Some(pid) = next.filter(|pid| *pid > 0 && names.len() < depth) {
            let Some(facts) = facts(pid) else { break };
            // The longer of the two is empty for some.
            let name = Some(text(&facts.pbi_name)).filter(|name| !name.is_empty());
            names.push(name.unwrap_or_else(|| text(&facts.pbi_comm)));
            next = Some(facts.pbi_ppid);
        }
        names
    }

    fn text(characters: &[libc::c_char]) -> String {
        let bytes: Vec<u8> =
            characters.iter().take_while(|it| **it != 0).map(|it| it.to_ne_bytes()[0]).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The parent of a process that has not ended, and when it started, in microseconds since 1970.
    pub(in super::super) fn process(pid: u32) -> Option<(u32, u64)> {
        let facts = facts(pid)?;
        let started = facts.pbi_start_tvsec.checked_mul(1_000_000)?.checked_add(facts.pbi_start_tvusec)?;
        (facts.pbi_status != libc::SZOMB).then_some((facts.pbi_ppid, started))
    }

    /// Every process that has not ended: its number, its parent's, and when it started.
    pub(in super::super) fn processes() -> Vec<(u32, u32, u64)> {
        // SAFETY: without a buffer the call answers how many there are, and writes nothing.
        let count = unsafe { libc::proc_listallpids(std::ptr::null_mut(), 0) };
        // Some more, for those that start in between.
        let mut numbers = vec![0_i32; usize::try_from(count).unwrap_or_default() + 64];
        let Ok(size) = i32::try_from(size_of_val(numbers.as_slice())) else { return Vec::new() };
        // SAFETY: the buffer has `size` bytes, of which the call writes at most that many.
        let count = unsafe { libc::proc_listallpids(numbers.as_mut_ptr().cast(), size) };
        numbers.truncate(usize::try_from(count).unwrap_or_default());
        let numbers = numbers.into_iter().filter_map(|number| u32::try_from(number).ok());
        numbers.filter_map(|pid| process(pid).map(|(parent, started)| (pid, parent, started))).collect()
    }
}

#[cfg(windows)]
mod windows {
    use std::ffi::c_void;
    use std::io;
    use std::mem::size_of;
    use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
    use std::ptr::{from_ref, null};
    use std::thread;
    use std::time::Duration;

    use windows_sys::Win32::Foundation::{FILETIME, INVALID_HANDLE_VALUE};
    use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
    use windows_sys::Win32::System::Diagnostics::ToolHelp::{
        CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
    };
    use windows_sys::Win32::System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    };
    use windows_sys::Win32::System::Threading::{
        GetCurrentProcess, GetExitCodeProcess, GetProcessTimes, OpenProcess,
        PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_TERMINATE, TerminateProcess,
    };
    use windows_sys::core::BOOL;

    /// The status of a process that has none yet (`STILL_ACTIVE`).
    const STILL_ACTIVE: u32 = 259;

    /// While it lives, this process and its children end together, however this process ends.
    pub(in super::super) struct Job(OwnedHandle);

    impl Job {
        /// Puts this process into a new job; children are born into it.
        pub(in super::super) fn around_this_process() -> io::Result<Self> {
            // SAFETY: both pointers may be null; the handle is checked and then owned by us alone.
            let handle = unsafe { CreateJobObjectW(null(), null()) };
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: as above.
            let job = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
            job.limit(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)?;
            // SAFETY: both handles are open.
            match unsafe { AssignProcessToJobObject(job.0.as_raw_handle(), GetCurrentProcess()) } {
                0 => Err(io::Error::last_os_error()),
                _ => Ok(job),
            }
        }

        fn limit(&self, flags: u32) -> io::Result<()> {
            let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
            limits.BasicLimitInformation.LimitFlags = flags;
            let size = u32::try_from(size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>()).unwrap_or_default();
            let limits = from_ref(&limits).cast::<c_void>();
            // SAFETY: the pointer is to a structure of that class and size, which outlives the call.
            match unsafe {
                SetInformationJobObject(
                    self.0.as_raw_handle(),
                    JobObjectExtendedLimitInformation,
                    limits,
                    size,
                )
            } {
                0 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            }
        }
    }

    impl Drop for Job {
        /// Closing the job would kill this very process, and whatever the child left running on purpose.
        fn drop(&mut self) {
            let _ = self.limit(0);
        }
    }

    /// Ctrl-C and Ctrl-Break are for the child, which the console tells too; this process waits for what it does.
    /// Unlike ignoring them, a handler is not inherited.
    pub(in super::super) fn leave_interrupts_to_the_child() {
        // SAFETY: the handler has the right signature, lives for ever, and touches nothing.
        unsafe { SetConsoleCtrlHandler(Some(wait_for_the_child), 1) };
    }

    unsafe extern "system" fn wait_for_the_child(event: u32) -> BOOL {
        if event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT {
            // The window closes, or the session ends: to return would end us, and the child with us, before it
            // had its own time. The system sets the limit, about five seconds.
            thread::sleep(Duration::from_secs(30));
        }
        1
    }

    /// The name of the parent's program, such as `pwsh.exe`.
    pub(in super::super) fn parent_program() -> Option<String> {
        let processes = snapshot()?;
        let own = processes.iter().find(|process| process.th32ProcessID == std::process::id())?;
        let parent = processes.iter().find(|process| process.th32ProcessID == own.th32ParentProcessID)?;
        name_of(parent)
    }

    /// The names of the programs that led to us, the nearest first, at most `depth`.
    pub(in super::super) fn ancestors(depth: usize) -> Vec<String> {
        let processes = snapshot().unwrap_or_default();
        let find = |id: u32| processes.iter().find(|process| process.th32ProcessID == id);
        let mut names = Vec::new();
        let mut next = find(std::process::id()).and_then(|own| find(own.th32ParentProcessID));
        while let Some(process) = next.filter(|_| names.len() < depth) {
            names.extend(name_of(process));
            // The first of all is its own parent.
            next = find(process.th32ParentProcessID).filter(|it| it.th32ProcessID != process.th32ProcessID);
            if names.is_empty() {
                break;
            }
        }
        names
    }

    fn name_of(process: &PROCESSENTRY32W) -> Option<String> {
        let name = process.szExeFile.split(|unit| *unit == 0).next()?;
        String::from_utf16(name).ok()
    }

    /// The parent of a process that has not ended, and when it started, in units of 100 nanoseconds since 1601.
    pub(in super::super) fn process(pid: u32) -> Option<(u32, u64)> {
        let started = start_of(pid)?;
        let entry = snapshot()?.into_iter().find(|process| process.th32ProcessID == pid)?;
        Some((entry.th32ParentProcessID, started))
    }

    /// Every process that has not ended and may be asked about: its number, its parent's, and when it started.
    pub(in super::super) fn processes() -> Vec<(u32, u32, u64)> {
        let entries = snapshot().unwrap_or_default().into_iter();
        entries
            .filter_map(|entry| {
                Some((entry.th32ProcessID, entry.th32ParentProcessID, start_of(entry.th32ProcessID)?))
            })
            .collect()
    }

    fn start_of(pid: u32) -> Option<u64> {
        started(&open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?)
    }

    /// Ends the process of that number, where it is the one that started then.
    pub(in super::super) fn terminate(pid: u32, moment: u64) -> io::Result<()> {
        let handle = match open(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE) {
            Ok(handle) => handle,
            // There is no such process.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(()),
            Err(error) => return Err(error),
        };
        if started(&handle) != Some(moment) {
            return Ok(());
        }
        // SAFETY: the handle is open, and of the very process whose start was compared.
        match unsafe { TerminateProcess(handle.as_raw_handle(), 1) } {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    fn open(pid: u32, rights: u32) -> io::Result<OwnedHandle> {
        // SAFETY: takes no pointers; the handle is checked and then owned by us alone.
        let handle = unsafe { OpenProcess(rights, 0, pid) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
    }

    /// When it started, where it still runs: a process can be asked about for as long as anybody has a handle.
    fn started(process: &OwnedHandle) -> Option<u64> {
        let mut status = 0;
        // SAFETY: the handle is open, and the number is ours.
        let is_told = unsafe { GetExitCodeProcess(process.as_raw_handle(), &raw mut status) } != 0;
        if !is_told || status != STILL_ACTIVE {
            return None;
        }
        let mut times = [FILETIME::default(); 4];
        let [start, end, kernel, user] = &mut times;
        // SAFETY: the handle is open, and the four structures are ours.
        let is_told = unsafe { GetProcessTimes(process.as_raw_handle(), start, end, kernel, user) } != 0;
        is_told.then(|| u64::from(start.dwHighDateTime) << 32 | u64::from(start.dwLowDateTime))
    }

    fn snapshot() -> Option<Vec<PROCESSENTRY32W>> {
        // SAFETY: takes no pointers; the handle is checked and then owned by us alone.
        let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
        if snapshot == INVALID_HANDLE_VALUE {
            return None;
        }
        // SAFETY: as above.
        let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
        let size = u32::try_from(size_of::<PROCESSENTRY32W>()).ok()?;
        let mut entry = PROCESSENTRY32W { dwSize: size, ..Default::default() };
        let mut processes = Vec::new();
        // SAFETY: the entry says its own size, and the handle is open.
        let mut more = unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) };
        while more != 0 {
            processes.push(entry);
            // SAFETY: as above.
            more = unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) };
        }
        Some(processes)
    }
}
