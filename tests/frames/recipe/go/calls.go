package main

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
)

func (a age) topics(ctx context.Context, admin *kadm.Client) {
	compact := "compact"
	good(admin.CreateTopics(ctx, 2, 1, map[string]*string{"cleanup.policy": &compact, "retention.ms": nil}, a.topic()+"-compact"))
	good(admin.CreateTopics(ctx, 1, 1, nil, a.topic()))
}

// calls are those that clients of every age know.
func (a age) calls(ctx context.Context, admin *kadm.Client) {
	topic, group := a.topic(), a.topic()+"-group"
	good(admin.Metadata(ctx))
	good(admin.ListTopics(ctx, topic, "nowhere"))
	good(admin.ListStartOffsets(ctx, topic))
	good(admin.ListEndOffsets(ctx, topic))
	good(admin.DescribeTopicConfigs(ctx, topic+"-compact"))
	value := "3600000"
	good(admin.AlterTopicConfigsState(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: &value}}, topic))
	good(admin.DescribeAllLogDirs(ctx, nil))
	good(admin.CreatePartitions(ctx, 1, topic))

	var epochs kadm.OffsetForLeaderEpochRequest
	epochs.Add(topic, 0, 0)
	good(admin.OffsetForLeaderEpoch(ctx, epochs))

	good(admin.ListGroups(ctx))
	good(admin.DescribeGroups(ctx, group))
	good(admin.FetchOffsets(ctx, group))
	var first kadm.Offsets
	first.AddOffset(topic, 0, 1, -1)
	must(admin.CommitAllOffsets(ctx, group, first))
	good(admin.DeleteGroups(ctx, group))

	acls := kadm.NewACLs().Allow("User:bob").AllowHosts("*").Topics(topic).ResourcePatternType(kadm.ACLPatternPrefixed).Operations(kadm.OpRead)
	good(admin.CreateACLs(ctx, acls))
	good(admin.DescribeACLs(ctx, acls))
	good(admin.DeleteACLs(ctx, acls))

	good(admin.DeleteRecords(ctx, first))
	good(admin.DeleteTopics(ctx, topic, topic+"-compact"))
}

// newCalls are some that came later.
func (a age) newCalls(ctx context.Context, admin *kadm.Client) {
	good(admin.DescribeConsumerGroups(ctx, a.topic()+"-kip848"))
	good(admin.DescribeTransactions(ctx, a.topic()+"-transfer"))
	good(admin.ListTransactions(ctx, nil, nil))
	good(admin.DescribeProducers(ctx, nil))
	value := "7200000"
	good(admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &value}}, a.topic()))
}
