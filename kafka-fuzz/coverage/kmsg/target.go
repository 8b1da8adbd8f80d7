// A fuzz target of franz-go's kmsg, for libFuzzer: an API key and a version, two bytes each, then the body of a response.
package main

// #include <stddef.h>
// #include <stdint.h>
import "C"

import (
	"encoding/binary"
	"runtime/debug"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// LLVMFuzzerInitialize makes libFuzzer wait until Go's runtime has registered its counters. A panic must end the process by a signal:
// libFuzzer does not see the exit that it ends with otherwise.
//
//export LLVMFuzzerInitialize
func LLVMFuzzerInitialize(*C.int, ***C.char) C.int {
	debug.SetTraceback("crash")
	return 0
}

//export LLVMFuzzerTestOneInput
func LLVMFuzzerTestOneInput(data *C.uint8_t, size C.size_t) C.int {
	// A copy: libFuzzer does not permit changes of its bytes, and a message refers to the bytes that it was read from.
	if parse(C.GoBytes(unsafe.Pointer(data), C.int(size))) {
		return 0
	}
	return -1
}

// parse returns false if the input names no version of a response, so that libFuzzer does not keep it.
func parse(input []byte) bool {
	if len(input) < 4 {
		return false
	}
	key := int16(binary.BigEndian.Uint16(input))
	version := int16(binary.BigEndian.Uint16(input[2:]))
	response := kmsg.ResponseForKey(key)
	if response == nil || version < 0 || version > response.MaxVersion() {
		return false
	}
	response.SetVersion(version)
	if response.ReadFrom(input[4:]) == nil {
		response.AppendTo(nil)
	}
	return true
}

func main() {}
