//! Number of rounds of tests that need many rounds to fail: few in `make test`, more in `make soak
//! PART=rounds`, which sets TEST_ROUNDS to the factor.

/// The number of rounds: `few`, times TEST_ROUNDS where it is set.
pub fn rounds(few: u32) -> u32 {
    match std::env::var("TEST_ROUNDS") {
        Ok(times) => few * times.parse::<u32>().expect("TEST_ROUNDS is a number"),
        Err(_) => few,
    }
}
