// The Go client of Ollama: for every line {"url":, "call":, "ask":} one line of what was said, or {"failed":}; ends when its
// input does.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/ollama/ollama/api"
)

type ask struct {
	Model, Prompt, Suffix, Result, Image string
	Tool                                 api.Tool
	Schema                               json.RawMessage
	Input                                []string
}

type said map[string]any

var (
	here   = context.Background()
	client *api.Client
	no     = false
	now    = &api.Duration{}
)

func (a ask) user() api.Message { return api.Message{Role: "user", Content: a.Prompt} }

func (a ask) chat() *api.ChatRequest {
	return &api.ChatRequest{Model: a.Model, Messages: []api.Message{a.user()}, Stream: &no}
}

func (a ask) generate() *api.GenerateRequest {
	return &api.GenerateRequest{Model: a.Model, Prompt: a.Prompt, Stream: &no}
}

func (a ask) withImage() *api.ChatRequest {
	image, err := base64.StdEncoding.DecodeString(a.Image)
	must(err)
	request := a.chat()
	request.Messages[0].Images = []api.ImageData{image}
	return request
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// chat and generate add up what came, in however many pieces.
func chat(request *api.ChatRequest) (said, api.Message, error) {
	var text, thinking string
	var last api.ChatResponse
	var calls []api.ToolCall
	pieces := 0
	err := client.Chat(here, request, func(piece api.ChatResponse) error {
		text += piece.Message.Content
		thinking += piece.Message.Thinking
		calls = append(calls, piece.Message.ToolCalls...)
		last = piece
		pieces++
		return nil
	})
	whole := api.Message{Role: "assistant", Content: text, ToolCalls: calls}
	return said{"model": last.Model, "text": text, "thinking": thinking, "reason": last.DoneReason, "pieces": pieces}, whole, err
}

func generate(request *api.GenerateRequest) said {
	var text string
	var last api.GenerateResponse
	pieces := 0
	must(client.Generate(here, request, func(piece api.GenerateResponse) error {
		text += piece.Response
		last = piece
		pieces++
		return nil
	}))
	return said{"model": last.Model, "text": text, "reason": last.DoneReason, "pieces": pieces}
}

func answer(request *api.ChatRequest) said {
	answer, _, err := chat(request)
	must(err)
	return answer
}

func failure(request *api.ChatRequest) said {
	_, _, err := chat(request)
	var status api.StatusError
	if !errors.As(err, &status) {
		panic(fmt.Sprintf("no refusal with a status but: %v", err))
	}
	return said{"status": status.StatusCode, "error": status.ErrorMessage}
}

func unknown(a ask) said { return failure(a.chat()) }

var calls = map[string]func(ask) said{
	"version": func(ask) said {
		version, err := client.Version(here)
		must(err)
		return said{"version": version}
	},
	"list": func(ask) said {
		must(client.Heartbeat(here))
		list, err := client.List(here)
		must(err)
		names := []string{}
		for _, model := range list.Models {
			names = append(names, model.Name)
		}
		return said{"names": names}
	},
	"ps": func(ask) said {
		list, err := client.ListRunning(here)
		must(err)
		names := []string{}
		for _, model := range list.Models {
			names = append(names, model.Name)
		}
		return said{"names": names}
	},
	"show": func(a ask) said {
		shown, err := client.Show(here, &api.ShowRequest{Model: a.Model})
		must(err)
		return said{"names": shown.Capabilities}
	},
	"chat": func(a ask) said { return answer(a.chat()) },
	"stream": func(a ask) said {
		request := a.chat()
		request.Stream = nil
		return answer(request)
	},
	"generate": func(a ask) said { return generate(a.generate()) },
	"generate_stream": func(a ask) said {
		request := a.generate()
		request.Stream = nil
		return generate(request)
	},
	"insert": func(a ask) said {
		request := a.generate()
		request.Suffix = a.Suffix
		return generate(request)
	},
	"tools": func(a ask) said {
		request := a.chat()
		request.Tools = api.Tools{a.Tool}
		_, first, err := chat(request)
		must(err)
		request.Messages = append(request.Messages, first, api.Message{Role: "tool", ToolName: "get_weather", Content: a.Result})
		then, _, err := chat(request)
		must(err)
		called := []said{}
		for _, call := range first.ToolCalls {
			called = append(called, said{"name": call.Function.Name, "arguments": call.Function.Arguments})
		}
		return said{"calls": called, "after_tool": then["text"]}
	},
	"thinking": func(a ask) said {
		request := a.chat()
		request.Think = &api.ThinkValue{Value: true}
		return answer(request)
	},
	"structured": func(a ask) said {
		request := a.chat()
		request.Format = a.Schema
		return said{"object": json.RawMessage(answer(request)["text"].(string))}
	},
	"image":         func(a ask) said { return answer(a.withImage()) },
	"image_refused": func(a ask) said { return failure(a.withImage()) },
	"embed": func(a ask) said {
		embedded, err := client.Embed(here, &api.EmbedRequest{Model: a.Model, Input: a.Input})
		must(err)
		sizes := []int{}
		for _, each := range embedded.Embeddings {
			sizes = append(sizes, len(each))
		}
		return said{"sizes": sizes}
	},
	"cancel": func(a ask) said {
		request := a.chat()
		request.Stream = nil
		context, leave := context.WithCancel(here)
		first := ""
		err := client.Chat(context, request, func(piece api.ChatResponse) error {
			if first == "" {
				first = piece.Message.Content
				leave()
			}
			return nil
		})
		if err != nil && !errors.Is(err, context.Err()) { // the client itself may tell nothing of a stream that ended early
			panic(err)
		}
		return said{"text": first}
	},
	"preload": func(a ask) said { return generate(a.generate()) },
	"unload": func(a ask) said {
		request := a.generate()
		request.KeepAlive = now
		return generate(request)
	},
	"unknown_model": unknown,
	"unknown_role":  unknown,
}

type line struct {
	URL, Call string
	Ask       ask
}

func (l line) call() (answer said) {
	defer func() {
		if failed := recover(); failed != nil {
			answer = said{"failed": fmt.Sprint(failed)}
		}
	}()
	base, err := url.Parse(l.URL)
	must(err)
	client = api.NewClient(base, http.DefaultClient)
	return calls[l.Call](l.Ask)
}

func main() {
	for in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout); ; {
		var next line
		if err := in.Decode(&next); err == io.EOF {
			return
		} else {
			must(err)
		}
		must(out.Encode(next.call()))
	}
}
