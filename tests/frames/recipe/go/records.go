package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// produce writes idempotently, then with each kind of acks.
func (a age) produce(ctx context.Context) {
	client := a.client("producer", kgo.ProducerBatchCompression(kgo.NoCompression()))
	header := kgo.RecordHeader{Key: "from", Value: []byte(a.name)}
	must(client.ProduceSync(ctx,
		&kgo.Record{Key: []byte("k"), Value: []byte("value"), Headers: []kgo.RecordHeader{header, {Key: "empty"}}},
		&kgo.Record{Value: []byte("no key")},
		&kgo.Record{Key: []byte("no value")},
	).FirstErr())
	client.Close()

	for i, acks := range []kgo.Acks{kgo.NoAck(), kgo.LeaderAck()} {
		name := fmt.Sprintf("acks-%d", i)
		client := a.client(name, kgo.RequiredAcks(acks), kgo.DisableIdempotentWrite(), kgo.ProducerBatchCompression(kgo.SnappyCompression()))
		must(client.ProduceSync(ctx, kgo.StringRecord("words, words, words, "+name)).FirstErr())
		must(client.Ping(ctx))
		client.Close()
	}
}

// group reads with a classic group, commits, stays for two heartbeats and leaves.
func (a age) group(ctx context.Context) {
	a.read(ctx, "group", 5, kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.HeartbeatInterval(400*time.Millisecond))
}

// newGroup does so with KIP-848's protocol, and sees only what was committed.
func (a age) newGroup(ctx context.Context) {
	a.read(ctx, "kip848", 6, kgo.ServerSideBalancer(), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
}

func (a age) read(ctx context.Context, name string, atLeast int, options ...kgo.Opt) {
	options = append(options,
		kgo.ConsumerGroup(a.topic()+"-"+name),
		kgo.ConsumeTopics(a.topic()),
		kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	client := a.client(name, options...)
	for seen := 0; seen < atLeast; {
		fetches := client.PollFetches(ctx)
		must(fetches.Err())
		seen += fetches.NumRecords()
	}
	must(client.CommitUncommittedOffsets(ctx))
	time.Sleep(time.Second)
	must(client.LeaveGroupContext(ctx))
	client.Close()
}

// transact commits one transaction and aborts another.
func (a age) transact(ctx context.Context) {
	client := a.client("txn", kgo.TransactionalID(a.topic()+"-transfer"))
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		must(client.BeginTransaction())
		must(client.ProduceSync(ctx, kgo.StringRecord(fmt.Sprintf("committed: %t", end))).FirstErr())
		must(client.EndTransaction(ctx, end))
	}
	client.Close()
}

// direct writes with each codec and reads everything back without a group: what a broker needs that has nothing else.
func direct(ctx context.Context, a age) {
	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	for i, codec := range codecs {
		client := a.client("producer", kgo.ProducerBatchCompression(codec), kgo.AllowAutoTopicCreation())
		must(client.ProduceSync(ctx, kgo.StringRecord(fmt.Sprintf("words, words, words, %d", i)), kgo.StringRecord("more")).FirstErr())
		client.Close()
	}
	client := a.client("consumer", kgo.ConsumeTopics(a.topic()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	for seen := 0; seen < 2*len(codecs); {
		fetches := client.PollFetches(ctx)
		must(fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			fmt.Printf("%d: %s\n", r.Offset, r.Value)
			seen++
		})
	}
}
