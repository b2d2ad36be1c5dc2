//! HTTP code that dashboard and machine API share: the client's address, bodies and media types, headers,
//! request ids.

pub mod addresses;
pub mod bodies;
pub mod client_ip;
pub mod headers;
pub mod media_type;
pub mod request_head;
pub mod request_id;

use std::time::Duration;

/// `Retry-After` of a busy server, in seconds.
pub const RETRY_AFTER: u32 = 2;

/// Time limit of a form once its body has arrived (docs/security.md, S76).
pub const CHANGE: Duration = Duration::from_secs(3);
/// The same for a form with a password, whose hash may wait for its turn.
pub const PASSWORD: Duration = Duration::from_secs(10);
