// Reads request bodies as an Ollama server does: the first JSON value, by encoding/json, into structs of Ollama's shape.
//
//	reading FILE
//
// FILE holds bodies, each behind its kind (c chat, g generate, e embed) and its size in four bytes, little end first. For each a
// line: "no" when the server would refuse it, else model (hexadecimal), stream, keep_alive (nanoseconds), num_ctx, use_mmap, shift,
// a hash of all other options and a hash of everything else. "-" = absent or null.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

const longest = 9_200_000_000_000_000_000 // 291 years; from there on for ever

type Duration struct{ time.Duration }

func (d *Duration) UnmarshalJSON(b []byte) (err error) {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	switch t := v.(type) {
	case float64:
		if t < 0 || t*float64(time.Second) >= longest { // what does not fit into 64 bits means for ever, too
			d.Duration = math.MaxInt64
		} else {
			d.Duration = time.Duration(t * float64(time.Second))
		}
	case string:
		if d.Duration, err = time.ParseDuration(t); err != nil {
			return err
		}
		if d.Duration < 0 || d.Duration >= longest {
			d.Duration = math.MaxInt64
		}
	default:
		return fmt.Errorf("unsupported type: %T", v)
	}
	return nil
}

type Think struct{ Value any }

func (t *Think) UnmarshalJSON(b []byte) error {
	var yes bool
	if json.Unmarshal(b, &yes) == nil {
		t.Value = yes
		return nil
	}
	var how string
	if json.Unmarshal(b, &how) == nil && (how == "high" || how == "medium" || how == "low") {
		t.Value = how
		return nil
	}
	return errors.New("invalid think value")
}

type ToolCall struct {
	ID       string `json:"id,omitempty"`
	Function struct {
		Index     int            `json:"index"`
		Name      string         `json:"name"`
		Arguments map[string]any `json:"arguments"`
	} `json:"function"`
}

type Message struct {
	Role       string     `json:"role"`
	Content    string     `json:"content"`
	Thinking   string     `json:"thinking,omitempty"`
	Images     [][]byte   `json:"images,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolName   string     `json:"tool_name,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

func (m *Message) UnmarshalJSON(b []byte) error {
	type plain Message
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*m = Message(p)
	m.Role = strings.ToLower(m.Role)
	return nil
}

type Tool struct {
	Type     string `json:"type"`
	Items    any    `json:"items,omitempty"`
	Function struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
		Parameters  struct {
			Type       string         `json:"type"`
			Defs       any            `json:"$defs,omitempty"`
			Items      any            `json:"items,omitempty"`
			Required   []string       `json:"required,omitempty"`
			Properties map[string]any `json:"properties"`
		} `json:"parameters"`
	} `json:"function"`
}

// What the routes have in common, and what the router may edit.
type Common struct {
	Model     string         `json:"model"`
	KeepAlive *Duration      `json:"keep_alive,omitempty"`
	Options   map[string]any `json:"options"`
	Truncate  *bool          `json:"truncate,omitempty"`
}

type ChatRequest struct {
	Common
	Messages        []Message       `json:"messages"`
	Stream          *bool           `json:"stream,omitempty"`
	Format          json.RawMessage `json:"format,omitempty"`
	Tools           []Tool          `json:"tools,omitempty"`
	Think           *Think          `json:"think,omitempty"`
	Shift           *bool           `json:"shift,omitempty"`
	DebugRenderOnly bool            `json:"_debug_render_only,omitempty"`
	Logprobs        bool            `json:"logprobs,omitempty"`
	TopLogprobs     int             `json:"top_logprobs,omitempty"`
}

type GenerateRequest struct {
	Common
	Prompt          string          `json:"prompt"`
	Suffix          string          `json:"suffix"`
	System          string          `json:"system"`
	Template        string          `json:"template"`
	Context         []int           `json:"context,omitempty"`
	Stream          *bool           `json:"stream,omitempty"`
	Raw             bool            `json:"raw,omitempty"`
	Format          json.RawMessage `json:"format,omitempty"`
	Images          [][]byte        `json:"images,omitempty"`
	Think           *Think          `json:"think,omitempty"`
	Shift           *bool           `json:"shift,omitempty"`
	DebugRenderOnly bool            `json:"_debug_render_only,omitempty"`
	Logprobs        bool            `json:"logprobs,omitempty"`
	TopLogprobs     int             `json:"top_logprobs,omitempty"`
}

type EmbedRequest struct {
	Common
	Input      any `json:"input"`
	Dimensions int `json:"dimensions,omitempty"`
}

func option(options map[string]any, name string) string {
	value, there := options[name]
	delete(options, name)
	if !there || value == nil {
		return "-"
	}
	switch v := value.(type) {
	case float64:
		return strconv.FormatFloat(math.Trunc(v), 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return "wrong"
}

func hash(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	h := fnv.New64a()
	h.Write(text)
	return strconv.FormatUint(h.Sum64(), 16), nil
}

func read(kind byte, body []byte) (string, error) {
	var request any
	var common *Common
	var stream, shift **bool
	switch kind {
	case 'c':
		r := &ChatRequest{}
		request, common, stream, shift = r, &r.Common, &r.Stream, &r.Shift
	case 'g':
		r := &GenerateRequest{}
		request, common, stream, shift = r, &r.Common, &r.Stream, &r.Shift
	default:
		r := &EmbedRequest{}
		request, common = r, &r.Common
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(request); err != nil {
		return "", err
	}
	flag := func(value **bool) string {
		if value == nil || *value == nil {
			return "-"
		}
		return strconv.FormatBool(**value)
	}
	keepAlive := "-"
	if common.KeepAlive != nil {
		keepAlive = strconv.FormatInt(int64(common.KeepAlive.Duration), 10)
	}
	words := []string{hex.EncodeToString([]byte(common.Model)) + ".", flag(stream), keepAlive,
		option(common.Options, "num_ctx"), option(common.Options, "use_mmap"), flag(shift)}
	for _, name := range []string{"num_gpu", "num_batch", "num_thread", "main_gpu", "draft_num_predict"} {
		delete(common.Options, name) // the router sends none: the model would be loaded anew
	}
	if shift != nil {
		*shift = nil
	}
	options := "0"
	var err error
	if len(common.Options) > 0 {
		if options, err = hash(common.Options); err != nil {
			return "", err
		}
	}
	*common = Common{Truncate: common.Truncate}
	rest, err := hash(request)
	if err != nil {
		return "", err
	}
	return strings.Join(append(words, options, rest), " "), nil
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	in, out := bufio.NewReaderSize(file, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	for {
		var head [5]byte
		if _, err := io.ReadFull(in, head[:]); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		body := make([]byte, binary.LittleEndian.Uint32(head[1:]))
		if _, err := io.ReadFull(in, body); err != nil {
			panic(err)
		}
		line, err := read(head[0], body)
		if err != nil {
			line = "no"
		}
		fmt.Fprintln(out, line)
	}
}
