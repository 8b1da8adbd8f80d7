//! Control records, which Kafka itself writes, as JSON.

use kafka_codec::records::{ControlRecord, Record};

use super::Object;
use super::internal::{NO_VALUE, message_in_newest};

/// Writes type and content of a control record into `object`; nothing if it cannot be decoded.
pub(super) fn write(object: &mut Object<'_>, record: &Record<'_>) -> Result<(), String> {
    let decoded = ControlRecord::decode(record).map_err(|error| error.to_string())?;
    let (name, schema) = match &decoded {
        ControlRecord::Abort(end) | ControlRecord::Commit(end) => {
            let is_commit = matches!(decoded, ControlRecord::Commit(_));
            object.string("control", if is_commit { "COMMIT" } else { "ABORT" });
            object.plain("coordinatorEpoch", end.coordinator_epoch);
            return Ok(());
        }
        ControlRecord::LeaderChange(_) => ("LEADER_CHANGE", "LeaderChangeMessage"),
        ControlRecord::SnapshotHeader(_) => ("SNAPSHOT_HEADER", "SnapshotHeaderRecord"),
        ControlRecord::SnapshotFooter(_) => ("SNAPSHOT_FOOTER", "SnapshotFooterRecord"),
        ControlRecord::KRaftVersion(_) => ("KRAFT_VERSION", "KRaftVersionRecord"),
        ControlRecord::Voters(_) => ("KRAFT_VOTERS", "VotersRecord"),
        _ => {
            object.plain("control", decoded.number());
            return Ok(());
        }
    };
    // The version stands in the message too.
    let data = message_in_newest(schema, record.value.ok_or(NO_VALUE)?, 0)?;
    object.string("control", name);
    object.json("data", &data);
    Ok(())
}
