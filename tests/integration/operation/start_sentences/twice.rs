//! Settings that are given twice on the command line.

use super::{WRONG, sentence};
use std::path::Path;

/// Every variable, given twice by its flag.
pub fn is_refused(folder: &Path) {
    for (variable, _) in WRONG {
        let flag = format!("--{}", variable.to_lowercase().replace('_', "-"));
        let sentence = sentence(folder, &[], &[&flag, "1", &flag, "1"]);
        let expected = format!("babysea: {variable} is given twice on the command line: give it once");
        // One of two errors comes first: the value, or the duplicate.
        assert!(
            sentence == expected
                || sentence.starts_with(&format!("babysea: {variable} is \"1\""))
                || sentence.starts_with("babysea: DATABASE_URL"),
            "{sentence}"
        );
    }
}
