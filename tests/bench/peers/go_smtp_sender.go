// A generator on the client of emersion/go-smtp, as a Go program would use it: sessions at the same time, each with one connection for
// all of its messages.
package main

import (
	"bytes"
	"flag"
	"log"
	"sync"

	"github.com/emersion/go-smtp"
)

// send says one message to the end.
func send(client *smtp.Client, body []byte) error {
	if err := client.Mail("sender@client.example", nil); err != nil {
		return err
	}
	if err := client.Rcpt("user@example.com"); err != nil {
		return err
	}
	content, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := content.Write(body); err != nil {
		return err
	}
	return content.Close()
}

func main() {
	server := flag.String("server", "", "address and port")
	messages := flag.Int("messages", 1000, "in all")
	sessions := flag.Int("sessions", 20, "at the same time")
	size := flag.Int("size", 4000, "octets of a message")
	flag.Parse()

	line := append(bytes.Repeat([]byte("X"), 78), '\r', '\n')
	body := []byte("Subject: load\r\n\r\n")
	for len(body)+len(line) < *size {
		body = append(body, line...)
	}

	var all sync.WaitGroup
	for i := 0; i < *sessions; i++ {
		count := *messages / *sessions
		if i < *messages%*sessions {
			count++
		}
		all.Add(1)
		go func() {
			defer all.Done()
			client, err := smtp.Dial(*server)
			if err != nil {
				log.Fatal(err)
			}
			for ; count > 0; count-- {
				if err := send(client, body); err != nil {
					log.Fatal(err)
				}
			}
			if err := client.Quit(); err != nil {
				log.Fatal(err)
			}
		}()
	}
	all.Wait()
}
