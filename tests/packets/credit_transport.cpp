#include "tests/packets/credit_transport.hpp"

#include <ns3/header.h>
#include <ns3/inet-socket-address.h>
#include <ns3/packet.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/queue.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/string.h>
#include <ns3/traffic-control-helper.h>
#include <ns3/udp-socket-factory.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <stdexcept>

namespace tokenworks::testing {
namespace {

constexpr std::uint16_t kPort = 4791;  // that of RDMA over UDP
constexpr int kOwnHeaderBytes = 12;
static_assert(kHeaderBytes == 2 + 20 + 8 + kOwnHeaderBytes);

// The type of service that ns-3's queue of three bands sends before all others.
constexpr std::uint8_t kFirstBand = 0x10;

// Twelve bytes, of which five are used.
class MessageHeader : public ns3::Header {
 public:
  std::uint32_t message = 0;
  bool is_acknowledgement = false;

  static ns3::TypeId GetTypeId() {
    static const ns3::TypeId id =
        ns3::TypeId("tokenworks::MessageHeader").SetParent<ns3::Header>().AddConstructor<MessageHeader>();
    return id;
  }
  ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
  std::uint32_t GetSerializedSize() const override { return kOwnHeaderBytes; }
  void Serialize(ns3::Buffer::Iterator at) const override {
    at.WriteU32(message);
    at.WriteU8(is_acknowledgement ? 1 : 0);
    at.WriteU8(0, kOwnHeaderBytes - 5);
  }
  std::uint32_t Deserialize(ns3::Buffer::Iterator at) override {
    message = at.ReadU32();
    is_acknowledgement = at.ReadU8() != 0;
    return kOwnHeaderBytes;
  }
  void Print(std::ostream& out) const override { out << message; }
};

struct Transfer {
  const Message* message = nullptr;
  std::int64_t unsent_bytes = 0;
  std::int64_t missing_bytes = 0;  // at the receiver
  int in_flight_packets = 0;
  double end_s = -1;
};

class Adapter {
 public:
  Adapter(FatTreeNetwork& network, int node, const Case& the_case, std::vector<Transfer>& transfers)
      : network_(network),
        port_(ns3::DynamicCast<ns3::PointToPointNetDevice>(network.port(node))),
        transfers_(transfers),
        acknowledgements_first_(the_case.acknowledgements_first) {
    for (int spine = 0; spine < the_case.tree.spines; ++spine) {
      auto socket = ns3::Socket::CreateSocket(network.node(node), ns3::UdpSocketFactory::GetTypeId());
      socket->Bind(ns3::InetSocketAddress(network.address(node, spine), kPort));
      socket->SetAttribute("RcvBufSize", ns3::UintegerValue(1 << 30));
      socket->SetRecvCallback(ns3::MakeCallback(&Adapter::receive, this));
      sockets_.push_back(socket);
    }
    port_->TraceConnectWithoutContext("PhyTxEnd", ns3::MakeCallback(&Adapter::sent, this));
  }

  void start(std::uint32_t transfer) {
    turns_.push_back(transfer);
    fill();
  }

 private:
  // The port tells before it has taken the next packet from its queue.
  void sent(ns3::Ptr<const ns3::Packet>) { ns3::Simulator::ScheduleNow(&Adapter::fill, this); }

  // Keeps two packets at the port: a longer queue would decide the order before it is known who has credit.
  void fill() {
    while (port_->GetQueue()->GetNPackets() < 2) {
      const auto next = std::find_if(turns_.begin(), turns_.end(), [this](std::uint32_t transfer) {
        return transfers_[transfer].in_flight_packets < kWindowPackets;
      });
      if (next == turns_.end()) return;
      const std::uint32_t transfer = *next;
      turns_.erase(next);
      if (send_packet(transfer)) turns_.push_back(transfer);
    }
  }

  // True while the message has more.
  bool send_packet(std::uint32_t number) {
    Transfer& transfer = transfers_[number];
    const auto payload = static_cast<std::uint32_t>(std::min<std::int64_t>(kPayloadBytes, transfer.unsent_bytes));
    transfer.unsent_bytes -= payload;
    ++transfer.in_flight_packets;
    send(number, payload, false, transfer.message->to);
    return transfer.unsent_bytes > 0;
  }

  void send(std::uint32_t number, std::uint32_t payload, bool is_acknowledgement, int to) {
    MessageHeader header;
    header.message = number;
    header.is_acknowledgement = is_acknowledgement;
    auto packet = ns3::Create<ns3::Packet>(payload);
    packet->AddHeader(header);
    const int spine = transfers_[number].message->spine;
    if (is_acknowledgement && acknowledgements_first_) {
      ns3::SocketIpTosTag class_of_service;
      class_of_service.SetTos(kFirstBand);
      packet->AddPacketTag(class_of_service);
    }
    sockets_[spine]->SendTo(packet, 0, ns3::InetSocketAddress(network_.address(to, spine), kPort));
  }

  void receive(ns3::Ptr<ns3::Socket> socket) {
    while (auto packet = socket->Recv()) {
      MessageHeader header;
      packet->RemoveHeader(header);
      Transfer& transfer = transfers_[header.message];
      if (header.is_acknowledgement) {
        --transfer.in_flight_packets;
        fill();
        continue;
      }
      transfer.missing_bytes -= packet->GetSize();
      if (transfer.missing_bytes == 0) transfer.end_s = ns3::Simulator::Now().GetSeconds();
      send(header.message, 0, true, transfer.message->from);
    }
  }

  FatTreeNetwork& network_;
  ns3::Ptr<ns3::PointToPointNetDevice> port_;
  std::vector<Transfer>& transfers_;
  bool acknowledgements_first_;
  std::vector<ns3::Ptr<ns3::Socket>> sockets_;
  std::deque<std::uint32_t> turns_;  // messages that have bytes to send, the one whose turn it is first
};

}  // namespace

std::vector<double> send_by_credit(FatTreeNetwork& network, const Case& the_case) {
  ns3::TrafficControlHelper queues;
  queues.SetRootQueueDisc("ns3::PfifoFastQueueDisc", "MaxSize", ns3::StringValue(kPlacesInQueues));
  queues.Install(network.switch_ports());

  std::vector<Transfer> transfers;
  for (const Message& message : the_case.messages) transfers.push_back({&message, message.bytes, message.bytes, 0, -1});
  std::vector<std::unique_ptr<Adapter>> adapters;
  for (int node = 0; node < the_case.tree.nodes(); ++node) {
    adapters.push_back(std::make_unique<Adapter>(network, node, the_case, transfers));
  }
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    const Message& message = *transfers[i].message;
    ns3::Simulator::Schedule(ns3::Seconds(message.start_s), &Adapter::start, adapters[message.from].get(),
                             static_cast<std::uint32_t>(i));
  }
  ns3::Simulator::Run();

  std::vector<double> ends_s;
  for (const Transfer& transfer : transfers) {
    if (transfer.end_s < 0) throw std::runtime_error("a message did not arrive: a queue was full");
    ends_s.push_back(transfer.end_s);
  }
  return ends_s;
}

}  // namespace tokenworks::testing
