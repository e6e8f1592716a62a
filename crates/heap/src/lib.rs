//! Gives memory that is free back to the system.
//!
//! Start-up makes a lot that it throws away (the OpenAPI document is 12 MB while it is made), in between what stays. The
//! C library keeps such holes for later: 9 MB of an idle process, for as long as it lives.

/// Gives back the free pages of all heaps, which takes milliseconds and holds up whoever allocates meanwhile: for the
/// end of start-up, not for the middle of calls. Does nothing where the C library is not glibc.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: malloc_trim may be called at any time from any thread, and touches nothing that is in use.
        #[expect(unsafe_code, reason = "no safe crate wraps it")]
        unsafe {
            libc::malloc_trim(0);
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn holes_between_what_stays_are_given_back() {
        let resident_kb = || -> u64 {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS"));
            let kb = line.unwrap().split_whitespace().nth(1);
            kb.unwrap().parse().unwrap()
        };
        // 64 MB in pieces of 8 KiB, of which every hundredth stays.
        let mut pieces: Vec<Vec<u8>> = (0..8_192).map(|_| vec![1; 8 * 1_024]).collect();
        let mut n = 0;
        pieces.retain(|_| {
            n += 1;
            n % 100 == 0
        });
        let before = resident_kb();
        super::give_back();
        let after = resident_kb();
        assert!(after + 32_000 < before, "{before} KB, then {after} KB");
        assert!(pieces.iter().all(|piece| piece[0] == 1));
    }
}
