// Package main is franz-go's kmsg in the table of peers: see ../shared/src/lib.rs for what standard input says.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// message is what requests and responses have in common.
type message interface {
	SetVersion(int16)
	ReadFrom([]byte) error
	AppendTo([]byte) []byte
}

type payload struct {
	make  func() message
	bytes []byte
	value message
	// buffer is used again each time.
	buffer []byte
}

func (p *payload) decode() {
	if err := p.make().ReadFrom(p.bytes); err != nil {
		panic(err)
	}
}

func (p *payload) encode() {
	p.buffer = p.value.AppendTo(p.buffer[:0])
}

// constructor makes the message of a name in a version.
func constructor(name string, version int16) func() message {
	switch name {
	case "MetadataResponse":
		return func() message { m := kmsg.NewMetadataResponse(); m.SetVersion(version); return &m }
	case "FetchResponse":
		return func() message { m := kmsg.NewFetchResponse(); m.SetVersion(version); return &m }
	case "OffsetCommitRequest":
		return func() message { m := kmsg.NewOffsetCommitRequest(); m.SetVersion(version); return &m }
	case "ApiVersionsResponse":
		return func() message { m := kmsg.NewApiVersionsResponse(); m.SetVersion(version); return &m }
	case "ProduceRequest":
		return func() message { m := kmsg.NewProduceRequest(); m.SetVersion(version); return &m }
	}
	panic(name)
}

func read(folder string) []*payload {
	list, err := os.ReadFile(filepath.Join(folder, "list"))
	if err != nil {
		panic(err)
	}
	var payloads []*payload
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		var name, file string
		var version int16
		if _, err := fmt.Sscan(line, &name, &version, &file); err != nil {
			panic(err)
		}
		body, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			panic(err)
		}
		p := &payload{make: constructor(name, version), bytes: body}
		p.value = p.make()
		if err := p.value.ReadFrom(body); err != nil {
			p.value = nil
		}
		payloads = append(payloads, p)
	}
	return payloads
}

// allocated counts allocations and their bytes: nothing is freed before a collection, so these are the bytes at most.
func allocated(work func()) (uint64, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
}

func hostile() string {
	m := constructor("MetadataResponse", 12)()
	var err error
	_, size := allocated(func() { err = m.ReadFrom([]byte("\x00\x00\x00\x00\xff\xff\xff\xff\x07\x00")) })
	if err == nil {
		return fmt.Sprintf("accepted %d", size)
	}
	return fmt.Sprintf("refused %d", size)
}

func answer(payloads []*payload, line string) string {
	var command string
	var number, times int
	fmt.Sscan(line, &command, &number, &times)
	if command == "hostile" {
		return hostile()
	}
	p := payloads[number]
	switch command {
	case "kind":
		if p.value == nil {
			return "none"
		}
		if bytes.Equal(p.value.AppendTo(nil), p.bytes) {
			return "equal"
		}
		return "differ"
	case "decode":
		for range times {
			p.decode()
		}
		return "done"
	case "encode":
		for range times {
			p.encode()
		}
		return "done"
	case "memory":
		p.decode()
		p.encode()
		allocations, size := allocated(p.decode)
		encoding, _ := allocated(p.encode)
		return fmt.Sprintf("%d %d %d", allocations, size, encoding)
	}
	panic(line)
}

func main() {
	payloads := read(os.Args[1])
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		fmt.Println(answer(payloads, in.Text()))
	}
}
