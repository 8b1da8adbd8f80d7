// What franz-go does while it is captured. Usage: franz-go HOST:PORT
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const topic = "orders"

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	produce(ctx, "metrics", kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.NoAck()))
	produce(ctx, "web", kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	consume(ctx, 15)
}

func client(id string, options ...kgo.Opt) *kgo.Client {
	options = append(options, kgo.SeedBrokers(os.Args[1]), kgo.ClientID(id), kgo.DefaultProduceTopic(topic))
	client, err := kgo.NewClient(options...)
	must(err)
	return client
}

func produce(ctx context.Context, id string, options ...kgo.Opt) {
	producer := client(id, options...)
	defer producer.Close()
	for i := range 10 {
		must(producer.ProduceSync(ctx, kgo.StringRecord(fmt.Sprintf("%s %d", id, i))).FirstErr())
	}
	// Without acks nobody says when they have arrived.
	time.Sleep(200 * time.Millisecond)
}

func consume(ctx context.Context, atLeast int) {
	consumer := client("reports", kgo.ConsumerGroup("reports"), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200*time.Millisecond))
	defer consumer.Close()
	for records := 0; records < atLeast; {
		fetches := consumer.PollFetches(ctx)
		must(fetches.Err())
		records += fetches.NumRecords()
	}
	must(consumer.CommitUncommittedOffsets(ctx))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
