//! MPI, where `mpiexec` has begun the process: its standard binary interface (MPI 5.0, chapter 20), found
//! at run time, so that the same program runs where there is no MPI.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::PathBuf;
use std::time::Duration;

use super::environment;
use crate::{Error, Result};

/// The library of the standard interface.
const LIBRARY: &str = "libmpi_abi.so.1";

/// Variables in which launchers (MPICH's, Open MPI's, PMIx's, Slurm's) say how many processes there are.
const SIZES: [&str; 3] = ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "PMIX_SIZE"];

/// The same of this machine.
const LOCAL_SIZES: [&str; 3] =
    ["MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE"];

/// How long is slept between two looks at whether all have answered: MPI's own waiting would take a core.
const REST: Duration = Duration::from_micros(200);

// Handles of the standard interface.
const COMM_WORLD: usize = 0x101;
const BYTE: usize = 0x247;
const UINT64_T: usize = 0x259;
const REQUEST_NULL: usize = 0x180;

/// A handle: a pointer that nobody follows.
type Handle = usize;
type Counts = *const c_int;

/// The functions that are called, with their types in the standard interface.
struct Functions {
    comm_rank: unsafe extern "C" fn(Handle, *mut c_int) -> c_int,
    comm_size: unsafe extern "C" fn(Handle, *mut c_int) -> c_int,
    iallgather: unsafe extern "C" fn(
        *const c_void,
        c_int,
        Handle,
        *mut c_void,
        c_int,
        Handle,
        Handle,
        *mut Handle,
    ) -> c_int,
    iallgatherv: unsafe extern "C" fn(
        *const c_void,
        c_int,
        Handle,
        *mut c_void,
        Counts,
        Counts,
        Handle,
        Handle,
        *mut Handle,
    ) -> c_int,
    test: unsafe extern "C" fn(*mut Handle, *mut c_int, *mut c_void) -> c_int,
    finalize: unsafe extern "C" fn() -> c_int,
    abort: unsafe extern "C" fn(Handle, c_int) -> c_int,
}

/// This process among those that `mpiexec` has begun. It belongs to the thread that joined.
pub struct Mpi {
    functions: Functions,
    rank: usize,
    size: usize,
    /// MPI allows one thread to call it.
    _one_thread: std::marker::PhantomData<*const ()>,
}

impl Mpi {
    /// Joins the others; `None` where this process was begun alone. Once in a process.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it was begun by `mpiexec`, but there is no library of the standard
    /// interface, or it cannot begin.
    pub fn join() -> Result<Option<Self>> {
        if number(&SIZES).is_none_or(|size| size < 2) {
            return Ok(None);
        }
        let library = open()?;
        // SAFETY: the library is of the standard interface by its name, which gives these types to
        // functions of these names; it is never closed.
        let functions = unsafe {
            let init: unsafe extern "C" fn(*mut c_int, *mut *mut *mut c_char) -> c_int =
                symbol(library, c"MPI_Init")?;
            let functions = Functions {
                comm_rank: symbol(library, c"MPI_Comm_rank")?,
                comm_size: symbol(library, c"MPI_Comm_size")?,
                iallgather: symbol(library, c"MPI_Iallgather")?,
                iallgatherv: symbol(library, c"MPI_Iallgatherv")?,
                test: symbol(library, c"MPI_Test")?,
                finalize: symbol(library, c"MPI_Finalize")?,
                abort: symbol(library, c"MPI_Abort")?,
            };
            check("MPI_Init", init(std::ptr::null_mut(), std::ptr::null_mut()))?;
            functions
        };
        let (mut rank, mut size) = (0, 0);
        // SAFETY: MPI has begun, and both numbers are written to.
        unsafe {
            check("MPI_Comm_rank", (functions.comm_rank)(COMM_WORLD, &raw mut rank))?;
            check("MPI_Comm_size", (functions.comm_size)(COMM_WORLD, &raw mut size))?;
        }
        let (rank, size) = (rank as usize, size as usize);
        Ok(Some(Self { functions, rank, size, _one_thread: std::marker::PhantomData }))
    }

    /// The number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many of them share this machine, as far as the launcher says.
    pub fn of_this_machine(&self) -> usize {
        number(&LOCAL_SIZES).unwrap_or(1).clamp(1, self.size)
    }

    /// What each process says, in the order of their numbers: all call it, and wait for each other.
    ///
    /// # Errors
    /// [`Error::Invalid`] where MPI reports a failure, or what is said is 2 GiB and more together.
    pub fn exchange(&mut self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        let length = own.len() as u64;
        let mut lengths = vec![0u64; self.size];
        let mut request = REQUEST_NULL;
        // SAFETY: one number is read, and as many are written as there are processes; both live until
        // the request is done.
        unsafe {
            let begun = (self.functions.iallgather)(
                (&raw const length).cast(),
                1,
                UINT64_T,
                lengths.as_mut_ptr().cast(),
                1,
                UINT64_T,
                COMM_WORLD,
                &raw mut request,
            );
            check("MPI_Iallgather", begun)?;
            self.wait(request)?;
        }
        let too_long = || {
            Error::invalid(
                "processes have 2 GiB and more to say to each other",
                "search with fewer trials in a batch",
            )
        };
        let counts = lengths.iter().map(|own| c_int::try_from(*own));
        let counts: Vec<c_int> = counts.collect::<Result<_, _>>().map_err(|_| too_long())?;
        let mut starts = Vec::with_capacity(self.size);
        let mut end: c_int = 0;
        for count in &counts {
            starts.push(end);
            end = end.checked_add(*count).ok_or_else(too_long)?;
        }
        let mut said = vec![0u8; end as usize];
        // SAFETY: `own` has as many bytes as this process has told, `said` room for those of all, at
        // these places; all live until the request is done.
        unsafe {
            let begun = (self.functions.iallgatherv)(
                own.as_ptr().cast(),
                own.len() as c_int,
                BYTE,
                said.as_mut_ptr().cast(),
                counts.as_ptr(),
                starts.as_ptr(),
                BYTE,
                COMM_WORLD,
                &raw mut request,
            );
            check("MPI_Iallgatherv", begun)?;
            self.wait(request)?;
        }
        let each = starts.iter().zip(&counts);
        Ok(each.map(|(start, count)| said[*start as usize..][..*count as usize].to_vec()).collect())
    }

    /// Waits for a request, asleep most of the time.
    ///
    /// # Safety
    /// The request was begun and not waited for, and what it reads and writes lives.
    unsafe fn wait(&self, mut request: Handle) -> Result<()> {
        loop {
            let mut done = 0;
            // SAFETY: the caller's promise; a null status is ignored.
            let tested = unsafe {
                (self.functions.test)(&raw mut request, &raw mut done, std::ptr::null_mut())
            };
            check("MPI_Test", tested)?;
            if done != 0 {
                return Ok(());
            }
            std::thread::sleep(REST);
        }
    }

    /// Ends all processes at once, this one too: for where it cannot go on.
    pub fn abort(&self, code: u8) -> ! {
        // SAFETY: MPI has begun.
        unsafe { (self.functions.abort)(COMM_WORLD, c_int::from(code)) };
        // Some return, and wait to be ended.
        std::process::exit(code.into())
    }

    /// Leaves the others, when all have come here.
    ///
    /// # Errors
    /// As [`Mpi::exchange`].
    pub fn leave(mut self) -> Result<()> {
        // They wait for each other here, asleep, and not in what follows, awake.
        self.exchange(&[])?;
        // SAFETY: MPI has begun, and nothing is called after it.
        check("MPI_Finalize", unsafe { (self.functions.finalize)() })
    }
}

/// The first of these variables that is a number.
fn number(variables: &[&str]) -> Option<usize> {
    variables.iter().find_map(|name| environment::variable(name)?.to_str()?.trim().parse().ok())
}

/// Opens the library: where the system finds it, or beside the launcher.
fn open() -> Result<*mut c_void> {
    let beside = launcher().and_then(|own| Some(own.parent()?.parent()?.join("lib").join(LIBRARY)));
    let places = [Some(PathBuf::from(LIBRARY)), beside];
    for place in places.into_iter().flatten() {
        let Ok(name) = CString::new(place.into_os_string().into_encoded_bytes()) else { continue };
        // SAFETY: the name ends in a zero. What the library does when it is loaded is its own matter, as
        // that of any that a program is linked with.
        let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        if !library.is_null() {
            return Ok(library);
        }
    }
    Err(Error::invalid(
        format!("mpiexec has begun this process, but there is no {LIBRARY}"),
        "use an MPI with the standard interface, such as MPICH 5 (`pip install mpich`), or put its \
         folder into LD_LIBRARY_PATH",
    ))
}

/// The program that has begun this one.
fn launcher() -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{}/exe", std::os::unix::process::parent_id())).ok()
}

/// A function of the library.
///
/// # Safety
/// `F` must be the function's type.
unsafe fn symbol<F: Copy>(library: *mut c_void, name: &CStr) -> Result<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: the library is open, and the name ends in a zero.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    if found.is_null() {
        return Err(Error::invalid(
            format!("{LIBRARY} has no {}", name.to_string_lossy()),
            "use an MPI with the standard interface, such as MPICH 5",
        ));
    }
    // SAFETY: by the caller's promise it is a function of this type, whose pointer has the size of any.
    Ok(unsafe { std::mem::transmute_copy(&found) })
}

fn check(function: &str, code: c_int) -> Result<()> {
    match code {
        0 => Ok(()),
        code => Err(Error::invalid(
            format!("{function} has failed with code {code}"),
            "look at what mpiexec says; the search can be resumed",
        )),
    }
}
