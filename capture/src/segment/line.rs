//! Lines about batches and their records, with the labels that Kafka's own tool has.

use std::io::Write;

use kafka_codec::records::Entry;

use crate::input::Garbage;
use crate::output::{Lines, escape};
use crate::records::{Header, Show, Style, Topic, both};

/// Writes a line about a batch or message and one about each record that is shown. Whether something is
/// wrong with it.
pub(super) fn write<W: Write>(
    lines: &mut Lines<W>,
    show: &mut Show,
    header: &Header<'_>,
    topic: Option<Topic>,
) -> bool {
    let line = lines.line();
    write_header(line, header);
    let crc_fault = header.crc_fault();
    print(line, format_args!(" isvalid: {}", crc_fault.is_none()));
    let header_fault = both(crc_fault, header.offset_fault());
    let start = line.len();
    let found = show.records(header, topic, &Style::WHOLE, |record| {
        line.extend_from_slice(b"\n| ");
        line.extend_from_slice(record);
    });
    // What is found while records are read belongs into the line above them.
    let mut end = Vec::new();
    if let Some(found) = &found {
        if header.count.is_none() {
            print(&mut end, format_args!(" count: {}", found.count));
        }
        if found.partial > 0 {
            print(&mut end, format_args!(" partialBytes: {}", found.partial));
        }
    }
    let fault = both(header_fault, found.and_then(|found| found.fault));
    if let Some(fault) = &fault {
        end.extend_from_slice(b" error: ");
        escape::text(&mut end, fault);
    }
    line.splice(start..start, end);
    lines.end();
    fault.is_some()
}

fn write_header(line: &mut Vec<u8>, header: &Header<'_>) {
    let (timestamp_type, codec) = (header.timestamp_type(), header.compression());
    match header.entry {
        Entry::Batch(batch) => {
            let fields = batch.header();
            print(
                line,
                format_args!(
                    "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} \
                     producerId: {} producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} \
                     isControl: {} deleteHorizonMs: ",
                    fields.base_offset,
                    header.last_offset(),
                    fields.record_count,
                    fields.base_sequence,
                    fields.last_sequence().unwrap_or(-1),
                    fields.producer_id,
                    fields.producer_epoch,
                    fields.partition_leader_epoch,
                    fields.attributes.is_transactional(),
                    fields.attributes.is_control(),
                ),
            );
            match fields.delete_horizon() {
                Some(horizon) => print(line, format_args!("{horizon}")),
                None => line.push(b'-'),
            }
            print(
                line,
                format_args!(
                    " position: {} {timestamp_type}: {} size: {} magic: 2 compresscodec: {codec} crc: {}",
                    batch.position(),
                    fields.max_timestamp,
                    batch.as_bytes().len(),
                    fields.crc,
                ),
            );
        }
        Entry::Message(message) => print(
            line,
            format_args!(
                "offset: {} position: {} {timestamp_type}: {} size: {} magic: {} compresscodec: {codec} crc: {}",
                message.offset(),
                message.position(),
                message.timestamp(),
                message.as_bytes().len(),
                message.magic(),
                message.crc(),
            ),
        ),
        _ => {}
    }
}

/// Writes a line about what is not a batch.
pub(super) fn write_garbage(line: &mut Vec<u8>, garbage: &Garbage) {
    if garbage.is_preallocated {
        let (position, bytes) = (garbage.position, garbage.bytes);
        let zeros = if bytes == 1 { "zero" } else { "zeros" };
        print(
            line,
            format_args!("position: {position} preallocated: {bytes} {zeros} at the end"),
        );
        return;
    }
    print(
        line,
        format_args!(
            "position: {} garbage: {} {} not a batch: ",
            garbage.position,
            garbage.bytes,
            match garbage.bytes {
                1 => "byte at the end that is",
                _ => "bytes at the end that are",
            }
        ),
    );
    escape::text(line, &garbage.reason);
}

fn print(line: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    line.write_fmt(arguments)
        .expect("writing to memory does not fail");
}
