//! Which topic a segment is of, told by where it lies.

use std::path::Path;

/// The topic of the folder that the file at `path` lies in, which brokers name after topic and partition; of
/// a snapshot that lies elsewhere `__cluster_metadata`. `None` if the folder has another name.
#[must_use]
pub fn topic_of(path: &Path) -> Option<String> {
    let whole = std::path::absolute(path).ok()?;
    let folder = whole.parent().and_then(Path::file_name);
    let of_folder = folder.and_then(|folder| topic_of_folder(folder.to_str()?));
    let is_snapshot = || path.extension().is_some_and(|end| end == "checkpoint");
    match of_folder {
        Some(topic) => Some(topic.to_owned()),
        None => is_snapshot().then(|| "__cluster_metadata".to_owned()),
    }
}

fn topic_of_folder(folder: &str) -> Option<&str> {
    // Folders that are deleted, moved or not known any more have an id and this behind the partition.
    let ending = ["-delete", "-future", "-stray"]
        .iter()
        .find_map(|ending| folder.strip_suffix(ending));
    let folder = match ending {
        Some(named) => named.rsplit_once('.')?.0,
        None => folder,
    };
    let (topic, partition) = folder.rsplit_once('-')?;
    partition.parse::<u32>().ok().map(|_| topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_is_what_the_folder_is_named_after() {
        for (path, topic) in [
            ("/data/orders-0/00000000000000000000.log", Some("orders")),
            ("data/a-b.c-12/1.log", Some("a-b.c")),
            ("/data/a.b-3.0123456789abcdef-delete/1.log", Some("a.b")),
            (
                "/data/__cluster_metadata-0/00000000000000000007-0000000001.checkpoint",
                Some("__cluster_metadata"),
            ),
            ("/data/bootstrap.checkpoint", Some("__cluster_metadata")),
            ("/data/orders/1.log", None),
            ("/data/orders-x/1.log", None),
            ("/1.log", None),
        ] {
            assert_eq!(topic_of(Path::new(path)).as_deref(), topic, "{path}");
        }
    }
}
