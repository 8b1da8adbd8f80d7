// A capture whose client id and topic are made to get out of the page.
const SYN = 2, ACK = 16, PSH = 24;

function string(text) {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function frame(...parts) {
  const body = Buffer.concat(parts);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

function integer(value, bytes) {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

// Metadata version 1: a request for a topic, and a response in which it is unknown.
const request = (id, client, topic) => frame(integer(3, 2), integer(1, 2), integer(id, 4), string(client), integer(1, 4), string(topic));
const response = (id, topic) => frame(integer(id, 4), integer(1, 4), integer(1, 4), string("localhost"), integer(9092, 4), integer(-1, 2),
  integer(1, 4), integer(1, 4), integer(3, 2), string(topic), integer(0, 1), integer(0, 4));

function packet(toBroker, sequence, acknowledged, flags, payload) {
  const ip = Buffer.alloc(20), tcp = Buffer.alloc(20);
  ip[0] = 0x45;
  ip.writeUInt16BE(40 + payload.length, 2);
  ip[8] = 64;
  ip[9] = 6;
  ip.set([10, 0, 0, toBroker ? 1 : 2, 10, 0, 0, toBroker ? 2 : 1], 12);
  tcp.writeUInt16BE(toBroker ? 50000 : 9092, 0);
  tcp.writeUInt16BE(toBroker ? 9092 : 50000, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt32BE(acknowledged, 8);
  tcp[12] = 0x50;
  tcp[13] = flags;
  tcp.writeUInt16BE(65535, 14);
  return Buffer.concat([ip, tcp, payload]);
}

export function capture(client, topic) {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(101, 20);
  const none = Buffer.alloc(0);
  const packets = [packet(true, 0, 0, SYN, none), packet(false, 0, 1, SYN | ACK, none), packet(true, 1, 1, ACK, none)];
  let [sent, received] = [1, 1];
  for (let id = 1; id <= 20; id += 1) {
    const [asked, answered] = [request(id, client, topic), response(id, topic)];
    packets.push(packet(true, sent, received, PSH, asked));
    sent += asked.length;
    packets.push(packet(false, received, sent, PSH, answered));
    received += answered.length;
  }
  const records = packets.map((bytes, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_790_000_000 + Math.floor(i / 10), 0);
    record.writeUInt32LE((i % 10) * 100_000, 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(bytes.length, 12);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([header, ...records]);
}
