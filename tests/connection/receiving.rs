//! What receiving a large response costs: memory, copies and time. To print the time, on a quiet machine:
//!
//! ```sh
//! cargo test --release --test connection time_of_receiving -- --ignored --nocapture
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use bytes::{Buf, Bytes, BytesMut};
use kafka_codec::ApiKey;
use kafka_codec::connection::server::{ServerConnection, ServerEvent, ServerOptions};
use kafka_codec::connection::{Connection, Event, VersionTable};

use crate::driver::{Driver, options, range, request, response, sized};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What a transport reads at once.
const PIECE: usize = 64 * KIB;

/// A connection that waits for one response, and the bytes of that.
fn waiting(size: usize) -> (Driver, Vec<u8>) {
    let mut driver = Driver::once(options().with_max_frame_bytes(1 << 30));
    driver.open_ready();
    let bytes = submitted(&mut driver, size);
    (driver, bytes)
}

fn submitted(driver: &mut Driver, size: usize) -> Vec<u8> {
    driver.submit(ApiKey::Fetch, 16);
    let asked = driver.take();
    let body: Vec<u8> = (0..size - 5)
        .map(|at| if at < 8 { 0 } else { at.to_le_bytes()[0] })
        .collect();
    let bytes = response(&asked, &body);
    assert_eq!(bytes.len(), 4 + size, "the header has 5 bytes");
    bytes
}

/// The response that has arrived.
fn completed(connection: &mut Connection) -> Bytes {
    while let Some(event) = connection.poll_event() {
        if let Event::Completed(done) = event {
            return done.into_response().unwrap().unwrap().frame().clone();
        }
    }
    panic!("it was answered");
}

/// Reads a stream as a transport does: as much as there is room for, at most [`PIECE`]. Returns how many bytes had arrived
/// whenever they were moved.
fn read(connection: &mut Connection, buffer: &mut BytesMut, stream: &[u8]) -> Vec<usize> {
    let now = connection.quiet_since();
    let (mut arrived, mut start) = (0, buffer.as_ptr() as usize);
    let mut moves = Vec::with_capacity(16);
    while arrived < stream.len() {
        let room = buffer.capacity() - buffer.len();
        assert!(room > 0, "there is room");
        let end = stream.len().min(arrived + room.min(PIECE));
        if buffer.as_ptr() as usize != start + arrived {
            start = buffer.as_ptr() as usize - arrived;
            moves.push(arrived);
        }
        buffer.extend_from_slice(&stream[arrived..end]);
        arrived = end;
        connection.handle_received(now, buffer);
    }
    moves
}

#[test]
fn a_response_of_up_to_4_mib_is_allocated_once_and_moves_only_with_its_first_64_kib() {
    for size in [100 * KIB, MIB, 4 * MIB] {
        let (mut driver, stream) = waiting(size);
        let (mut moves, mut frame) = (Vec::new(), Bytes::new());
        let mut buffer = BytesMut::new();
        let used = measure(|| {
            buffer = BytesMut::with_capacity(PIECE);
            moves = read(&mut driver.connection, &mut buffer, &stream);
            frame = completed(&mut driver.connection);
        });
        println!(
            "{size}: {} bytes in {} allocations, moved after {moves:?}",
            used.bytes_total, used.count_total
        );
        assert!(frame == stream[4..], "{size}");
        assert_eq!(moves, [PIECE], "{size}");
        // The frame, the buffer that its beginning came in, and the one for the next read.
        let most = stream.len() + PIECE + 16 * KIB + KIB;
        let total = usize::try_from(used.bytes_total).unwrap();
        assert!(total <= most, "{total} bytes for {size}");

        // Nothing is kept of it: the transport may read on.
        assert_eq!(driver.connection.buffered_bytes(), 0);
        let freed = -measure(|| drop(frame)).bytes_current;
        assert!(freed >= i64::try_from(size).unwrap(), "{freed} of {size}");
        assert!((4 * KIB..=PIECE).contains(&buffer.capacity()));
    }
}

#[test]
fn a_larger_response_is_copied_less_than_once() {
    for size in [4 * MIB + 1, 9 * MIB, 33 * MIB] {
        let (mut driver, stream) = waiting(size);
        let (mut moves, mut frame) = (Vec::new(), Bytes::new());
        let used = measure(|| {
            let mut buffer = BytesMut::with_capacity(PIECE);
            moves = read(&mut driver.connection, &mut buffer, &stream);
            frame = completed(&mut driver.connection);
        });
        println!(
            "{size}: {} bytes in {} allocations, moved after {moves:?}",
            used.bytes_total, used.count_total
        );
        assert!(frame == stream[4..], "{size}");
        let moved: usize = moves.iter().sum();
        assert!(moved <= size, "{moved} bytes of {size} moved");
        let total = usize::try_from(used.bytes_total).unwrap();
        assert!(total <= 2 * size + 2 * PIECE, "{total} bytes for {size}");
    }
}

#[test]
fn a_response_in_slices_is_allocated_once() {
    let (mut driver, stream) = waiting(MIB);
    let mut frame = Bytes::new();
    let used = measure(|| {
        for piece in stream.chunks(PIECE) {
            driver.connection.handle_bytes(driver.now, piece);
        }
        frame = completed(&mut driver.connection);
    });
    assert!(frame == stream[4..]);
    let total = usize::try_from(used.bytes_total).unwrap();
    assert!(total <= stream.len() + KIB, "{total} bytes");
}

#[test]
fn an_announced_size_reserves_no_more_than_what_arrived_justifies() {
    for in_buffers in [false, true] {
        let (mut driver, _) = waiting(MIB);
        let options = options().with_max_frame_bytes(usize::MAX);
        driver.configure(options, Vec::new());
        driver.open_ready();
        let (mut buffer, mut arrived) = (BytesMut::new(), 0);
        let used = measure(|| {
            let size = i32::MAX.to_be_bytes();
            for piece in std::iter::once(&size[..]).chain([&[7; 100][..]; 1_000]) {
                if in_buffers {
                    buffer.extend_from_slice(piece);
                    let connection = &mut driver.connection;
                    connection.handle_received(driver.now, &mut buffer);
                } else {
                    driver.connection.handle_bytes(driver.now, piece);
                }
                arrived += piece.len();
                let held = driver.connection.buffered_bytes();
                let justified = match arrived {
                    0..16_384 => 16 * KIB,
                    16_384..65_536 => 64 * KIB,
                    _ => 4 * MIB + 4,
                };
                assert!(held <= justified, "{held} bytes for {arrived}");
            }
        });
        println!("{} bytes for {arrived}", used.bytes_max);
        assert!(used.bytes_max < 4_500_000, "{} bytes", used.bytes_max);
    }
}

#[test]
fn a_server_leaves_requests_beyond_its_limit_in_the_buffer() {
    let versions = VersionTable::new([(ApiKey::Fetch, range(4, 16))]);
    let options = ServerOptions::new("client", versions).with_max_in_flight(1);
    let now = Instant::now();
    let mut server = ServerConnection::new(now, options);
    let large = request(ApiKey::Fetch, 16, &vec![7; 100 * KIB]);
    let stream = [sized(&large), sized(&large)].concat();

    let mut buffer = BytesMut::from(&stream[..]);
    let (start, mut seen) = (buffer.as_ptr() as usize, 0);
    for left in [stream.len() / 2, 0] {
        assert!(server.wants_bytes());
        server.handle_received(now, &mut buffer);
        assert_eq!(buffer.len(), left);
        let Some(ServerEvent::Request(incoming)) = server.poll_event() else {
            panic!("a request is whole");
        };
        assert_eq!(incoming.frame()[..], large[..]);
        let at = incoming.frame().as_ptr() as usize;
        assert_eq!(at, start + 4 + seen, "it is not copied");
        seen += 4 + large.len();
        let answer = Bytes::from_static(b"????");
        server.respond_frame(now, incoming.id(), &answer).unwrap();
        let bytes = server.poll_transmit().unwrap().remaining();
        server.handle_written(now, bytes);
        assert!(matches!(
            server.poll_event(),
            Some(ServerEvent::Written { .. })
        ));
    }
    server.close(now);
    buffer.extend_from_slice(b"more");
    server.handle_received(now, &mut buffer);
    assert!(buffer.is_empty(), "a closed connection takes everything");
}

/// How often the three take turns; the least of each counts.
const ROUNDS: usize = 200;

#[test]
#[ignore = "measures"]
fn time_of_receiving() {
    for size in [MIB, 4 * MIB, 16 * MIB] {
        let (mut driver, mut stream) = waiting(size);
        let [mut least, mut read_in_place, mut slices] = [Duration::MAX; 3];
        let mut buffer = BytesMut::with_capacity(PIECE);
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            let mut frame = Vec::with_capacity(stream.len());
            for piece in black_box(&stream).chunks(PIECE) {
                frame.extend_from_slice(piece);
            }
            drop(black_box(frame));
            least = least.min(begin.elapsed());

            let begin = Instant::now();
            read(&mut driver.connection, &mut buffer, black_box(&stream));
            drop(black_box(completed(&mut driver.connection)));
            read_in_place = read_in_place.min(begin.elapsed());

            driver.drain();
            stream = submitted(&mut driver, size);
            let begin = Instant::now();
            for piece in black_box(&stream).chunks(PIECE) {
                driver.connection.handle_bytes(driver.now, piece);
            }
            drop(black_box(completed(&mut driver.connection)));
            slices = slices.min(begin.elapsed());

            driver.drain();
            stream = submitted(&mut driver, size);
        }
        let ratio = |time: Duration| time.as_secs_f64() / least.as_secs_f64();
        println!(
            "{} MiB in pieces of 64 KiB: at least {least:?}, read in place {read_in_place:?} ({:.2} times), \
             in slices {slices:?} ({:.2} times)",
            size / MIB,
            ratio(read_in_place),
            ratio(slices)
        );
    }
}
