// A server on emersion/go-smtp which accepts every message and drops it, as its authors measure it.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/emersion/go-smtp"
)

var messages uint64

type sink struct{}

func (sink) Login(*smtp.ConnectionState, string, string) (smtp.Session, error) { return sink{}, nil }
func (sink) AnonymousLogin(*smtp.ConnectionState) (smtp.Session, error)        { return sink{}, nil }
func (sink) Reset()                                                            {}
func (sink) Logout() error                                                     { return nil }
func (sink) Mail(string, smtp.MailOptions) error                               { return nil }
func (sink) Rcpt(string) error                                                 { return nil }
func (sink) Data(content io.Reader) error {
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	atomic.AddUint64(&messages, 1)
	return nil
}

func main() {
	cert := flag.String("cert", "", "certificate, for STARTTLS")
	key := flag.String("key", "", "its key")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := smtp.NewServer(sink{})
	server.Domain = "sink.example"
	server.AuthDisabled = true
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR2)
	go func() {
		for range asked {
			fmt.Println("counted", atomic.LoadUint64(&messages))
		}
	}()
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(server.Serve(listener))
}
