// Verdicts of franz-go's kmsg: see ../README.md.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

type testCase struct {
	ID      uint64 `json:"id"`
	Message string `json:"message"`
	APIKey  int16  `json:"apiKey"`
	Version int16  `json:"version"`
	Hex     string `json:"hex"`
}

type verdict struct {
	ID          uint64  `json:"id"`
	Accepted    bool    `json:"accepted"`
	Hex         *string `json:"hex,omitempty"`
	Error       string  `json:"error,omitempty"`
	Unsupported bool    `json:"unsupported,omitempty"`
	Panicked    bool    `json:"panicked,omitempty"`
	Memory      uint64  `json:"memory"`
}

// message is what requests and responses have in common.
type message interface {
	MaxVersion() int16
	SetVersion(int16)
	ReadFrom([]byte) error
	AppendTo([]byte) []byte
}

func find(c *testCase) message {
	if strings.HasSuffix(c.Message, "Request") {
		if request := kmsg.RequestForKey(c.APIKey); request != nil {
			return request
		}
	} else if response := kmsg.ResponseForKey(c.APIKey); response != nil {
		return response
	}
	return nil
}

var allocated = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}

// allocatedBytes counts large allocations at once, small ones in the steps in which the runtime hands them out.
func allocatedBytes() uint64 {
	metrics.Read(allocated)
	return allocated[0].Value.Uint64()
}

func judge(c *testCase) (v verdict) {
	v.ID = c.ID
	body, err := hex.DecodeString(c.Hex)
	if err != nil {
		v.Error = err.Error()
		return v
	}
	m := find(c)
	if m == nil || c.Version > m.MaxVersion() {
		v.Unsupported = true
		return v
	}
	before := allocatedBytes()
	defer func() {
		v.Memory = allocatedBytes() - before
		if reason := recover(); reason != nil {
			v.Accepted, v.Panicked, v.Error = false, true, fmt.Sprintf("%v: %s", reason, where())
		}
	}()
	m.SetVersion(c.Version)
	if err := m.ReadFrom(body); err != nil {
		v.Error = err.Error()
		return v
	}
	text := hex.EncodeToString(m.AppendTo(nil))
	v.Accepted, v.Hex = true, &text
	return v
}

// where is the first function of kmsg or kbin in the stack of a panic.
func where() string {
	for _, line := range strings.Split(string(debug.Stack()), "\n") {
		if strings.Contains(line, "franz-go/pkg") && strings.Contains(line, ".go:") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var c testCase
		if err := json.Unmarshal(line, &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		text, err := json.Marshal(judge(&c))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Write(append(text, '\n'))
		out.Flush()
	}
}
