//! The files beside log segments, told by their names.

use std::path::Path;

/// Returns what the file at `path` is if its name is that of another file of a broker's log directory than a segment
/// or snapshot of records.
///
/// # Examples
///
/// ```
/// use std::path::Path;
///
/// use kafka_capture::segment::other_file;
///
/// let path = Path::new("orders-0/00000000000000000000.index");
/// assert_eq!(other_file(path), Some("an index of offsets"));
/// assert_eq!(other_file(Path::new("orders-0/00000000000000000000.log")), None);
/// ```
#[must_use]
pub fn other_file(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    // Files of deleted segments have this behind their names, and packed ones that.
    let name = [".deleted", ".gz", ".zst"]
        .iter()
        .fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
    Some(match name {
        "leader-epoch-checkpoint" => "a checkpoint of leader epochs, which is text",
        "partition.metadata" => "the metadata of a partition, which is text",
        "meta.properties" => "the properties of a log directory, which is text",
        "quorum-state" => "the state of a KRaft quorum, which is JSON",
        name if name.ends_with("-checkpoint") => "a checkpoint of offsets, which is text",
        name => match name.rsplit_once('.')?.1 {
            "index" => "an index of offsets",
            "timeindex" => "an index of timestamps",
            "txnindex" => "an index of aborted transactions",
            "snapshot" => "a snapshot of producers",
            _ => return None,
        },
    })
}
