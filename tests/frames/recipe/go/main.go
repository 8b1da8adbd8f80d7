// What franz-go does while it is recorded: the same scenes as a client of several ages, and what only the newest can do.
// Usage: franz-go newest|old|direct HOST:PORT
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

// An age is a client that knows no versions newer than a Kafka release. Its names keep its topics and groups apart.
type age struct {
	name     string
	versions *kversion.Versions
	seed     string
}

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if os.Args[1] == "direct" {
		direct(ctx, age{"direct", kversion.Stable(), os.Args[2]})
		return
	}
	ages := []age{{"newest", kversion.Stable(), os.Args[2]}}
	if os.Args[1] == "old" {
		ages = []age{{"of-3.0", kversion.V3_0_0(), os.Args[2]}, {"of-2.1", kversion.V2_1_0(), os.Args[2]}}
	}
	for _, a := range ages {
		admin := kadm.NewClient(a.client("admin"))
		a.topics(ctx, admin)
		a.produce(ctx)
		a.group(ctx)
		a.transact(ctx)
		if a.name == "newest" {
			a.newGroup(ctx)
			a.newCalls(ctx, admin)
		}
		a.calls(ctx, admin)
		admin.Close()
	}
}

func (a age) topic() string { return "franz-" + a.name }

func (a age) client(role string, options ...kgo.Opt) *kgo.Client {
	options = append(options,
		kgo.SeedBrokers(a.seed),
		kgo.ClientID("franz-"+a.name+"-"+role),
		kgo.MaxVersions(a.versions),
		kgo.DefaultProduceTopic(a.topic()),
		kgo.FetchMaxWait(250*time.Millisecond),
	)
	client, err := kgo.NewClient(options...)
	must(err)
	return client
}

// must ends the program: a recording with a failed scene in it is not worth keeping.
func must(err error) {
	if err != nil {
		log.Fatalf("franz-go: %+v", err)
	}
}

// good is must for calls that also give an answer.
func good[T any](answer T, err error) T {
	must(err)
	return answer
}
