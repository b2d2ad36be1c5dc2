//! Limits of the request line and headers (docs/security.md, S28).

/// Limits of one kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Maximum size in bytes, as sent.
    pub bytes: usize,
    /// Maximum number of header lines.
    pub headers: usize,
}

/// Every request that is not a subrequest of a proxy.
pub const USUAL: HeadLimits = HeadLimits {
    bytes: 16 * 1024,
    headers: 100,
};

/// A subrequest of a proxy, which may carry all headers of the original request.
pub const SUBREQUEST: HeadLimits = HeadLimits {
    bytes: 64 * 1024,
    headers: 512,
};

/// Limits of the HTTP library. It answers what exceeds them with a bare 431, because it has not read the request. So these
/// leave room for the limits above, whose refusals have the format of their caller.
pub const LIBRARY: HeadLimits = HeadLimits {
    bytes: SUBREQUEST.bytes,
    headers: 1_024,
};

/// The same number of bytes for a connection from a public address that is not a trusted proxy. Only proxies send
/// subrequests, and strangers can hold many connections with incomplete headers.
pub const STRANGER_BYTES: usize = 2 * USUAL.bytes;
