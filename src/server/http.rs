//! What both sides of HTTP share, the dashboard's and the machine's: who calls, bodies and their media types, headers and
//! ids of requests.

pub mod bodies;
pub mod client_ip;
pub mod headers;
pub mod media_type;
pub mod request_id;

use std::time::Duration;

/// Seconds after which a busy server is worth another try.
pub const RETRY_AFTER: u32 = 2;

/// How long a form may take once its body is there (docs/security.md, S76).
pub const CHANGE: Duration = Duration::from_secs(3);
/// The same for a form with a password, which may wait for its turn to be hashed.
pub const PASSWORD: Duration = Duration::from_secs(10);
