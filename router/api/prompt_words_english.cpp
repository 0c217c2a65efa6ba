#include "api/prompt_words.hpp"

namespace rr::api {
namespace {

using enum Notion;
using enum Word;

constexpr Words english_table[] = {
    // ---- router: who is next, and which of a few labels
    {router, noun, 12,
     "router|dispatcher|selector|triage|triage agent|triage bot|agent selector|speaker selector|request classifier|"
     "message classifier|intent classifier|ticket classifier|topic router|intent classification*|intent detect*|"
     "intent recogni*|query classifier|routing agent|routing assistant|routing model|expert at routing|task router|"
     "gatekeeper agent|message router|request router|model router|switchboard"},
    {router, noun, 6,
     "classifier|front desk|supervisor|orchestrator|moderator|group chat manager|chat manager|conversation manager"},
    {router, sign, 13,
     "best placed to|which of the agents|which of the ~ roles|"
     "select the next ~ role|select the next ~ speaker|select the next ~ agent|select the next ~ participant|"
     "select the next ~ worker|choose the next ~ speaker|choose the next ~ agent|pick the next ~ speaker|"
     "choose who ~ next|decide who ~ next|decides who ~ next|determine who ~ next|pick the next ~ agent|"
     "decide which ~ next|who should ~ next|who ~ speak next|who ~ speaks next|who ~ act next|who goes next|"
     "worker to act next|agent to act next|next speaker|next_speaker|next_agent|takes the next turn|"
     "take the next turn|only return the role|select an agent|select the ~ agent|select the ~ best agent|"
     "select the ~ appropriate agent|choose the ~ agent|choose an agent|choose one agent|choose ~ best agent|"
     "pick an agent|pick one agent|pick the ~ agent|only select one agent|decide which agent|decides which agent|"
     "decide which of ~ agents|determine which agent|determines which agent|you determine which agent|"
     "decide which role|decides which role|choose the role|decide which team member|which agent ~ should handle|"
     "which agent should|which role should handle|which specialist should|route the user*|route the request*|"
     "route the ~ message|route the ~ query|route the ~ question|route each|route incoming|route requests|"
     "route user requests|route user queries|routes requests|routes each|routing a user question|routing user|"
     "route it to|responsible for routing|routing tasks|routing requests|routing each|routing incoming|"
     "directing them to the ~ agent|directs each|direct the ~ to the ~ agent|dispatch the ~ request|"
     "dispatch ~ requests|dispatch each|select the model prompt best suited|who takes it|who takes the|"
     "who should take|who should answer|who should handle|who will handle|says who|say who|who should do|"
     "which expert should|which of the following experts|which of the following agents|which of these agents|"
     "which agent ~ next|which worker|best model for|to the best model|best agent for|best expert for"},
    {router, sign, 8,
     "classify the user*|classify the ~ message|classify the ~ request|classify the ~ query|classify the ~ input|"
     "classify each ~ request|classify each ~ message|classify incoming|classify user|classify this ~ message|"
     "classify this ~ request|classify the intent|detect the intent|identify the intent|determine the ~ intent|"
     "intent is one of|intent of the user|label the ~ message|label the ~ request|label each ~ message|"
     "exactly one of|one of the following categories|one of these categories|one of the following labels|"
     "one of these labels|one of the categories|categories :|possible intents|respond with the intent|"
     "reply with the intent|pick the queue|pick the category|choose the category|assign a category|queue it belongs|"
     "category it belongs|intents are|assign incoming|assigns incoming|assign each incoming|you assign ~ tasks|"
     "output the ~ name|expert s name|agent s name|labels :|intents :|intent :|name of the agent|"
     "name of the ~ agent|hand off to|handoff to|hand over to the|hand the conversation|hand it to the right|"
     "transfer to the|transfer the ~ user|delegate to the ~ agent|assign work to one agent|assign the ~ task to|"
     "assign each ~ task to one|forward the ~ request to|forward the ~ message to|available agents|"
     "name the team member|name the agent|agent name|the appropriate agent|the right agent|the right specialist|"
     "most appropriate ~ agent|best suited|most suitable agent|to the correct agent|to the correct department"},
    {router, sign, 6,
     "its id only|id only|only its name|only its id|"
     "one word .|exactly one word|one agent name|one word answer|one name|nothing else|one word only|single word|"
     "with one word|in one word|one word :|label only|the label|only the label|category only|only the category|"
     "only the name|name only|return only the name|just the name|nothing but the name|only the role|only the intent|"
     "only the number|only the agent|the agent name only|do not solve|do not answer it|do not answer the question|"
     "must not answer|never answer the ~ yourself|do not do any work yourself|do not do the work|"
     "do not perform the ~ yourself|without solving|without answering"},
    // ---- architect: plan and structure, no code
    {architect, noun, 12,
     "architect|software architect|solution architect|solutions architect|system architect|systems architect|"
     "cloud architect|data architect|enterprise architect|principal architect|chief architect|architecture agent|"
     "architecture expert|architecture assistant|architecture advisor|planner|task planner|planning agent|"
     "planning specialist|planning assistant|planning expert|planning module|project planner|plan agent|plan mode|"
     "architect mode|system designer|software designer|api designer|database designer|schema designer|design agent|"
     "software design expert|system design expert|system design*|domain driven design expert|ddd expert|"
     "strategist agent|planning coordinator"},
    {architect, noun, 7,
     "technical leader|tech lead|technical lead|project manager|product manager|product owner|business analyst|"
     "technical program manager|cto|requirements analyst|requirements engineer|team lead|engineering manager|"
     "principal engineer|staff engineer|distinguished engineer"},
    {architect, task, 8,
     "high level design|architecture decision record*|technical design document*|software architecture document|"
     "implementation plan"},
    {architect, task, 7,
     "break down ~ task*|break ~ down into|break the ~ into|breaks down|break it down into|decompose|decomposes|"
     "split the epic|split the ~ into tasks|split the ~ into tickets|split the ~ into steps|split ~ work into|"
     "turn ~ into ~ tasks|into smaller ~ subtasks|into subtasks|into sub tasks|step by step plan|numbered plan|"
     "bullet point plan|detailed plan|plan of action|plan of steps|action plan|devise ~ plan|create ~ plan|"
     "make a plan|make ~ plan for|write ~ plan|come up with ~ plan|come up with a new plan|draft ~ plan|"
     "produce ~ plan|present ~ plan|outline ~ plan|propose ~ plan|return a ~ plan|return an ~ plan|migration plan|"
     "rollout plan|project plan|design document*|design doc|design docs|technical design|system design|you design|"
     "you plan|your job is to plan|your task is to plan|plan the work|writes rfcs|write rfcs|write an rfc|rfc :|adr|"
     "adrs|bounded contexts|write ~ specification|technical specification|write ~ tech spec|openapi outline*|"
     "split the ~ into services"},
    {architect, task, 6,
     "design ~ system|design ~ architecture|design ~ api|design ~ apis|design ~ schema|design ~ database|"
     "design ~ service|design ~ services|design ~ module|design ~ modules|design ~ component|design ~ components|"
     "design ~ interfaces|design ~ data model|design ~ platform|design ~ pipeline|design ~ backend|"
     "design ~ infrastructure|design ~ structure|design ~ software|design ~ solution|designs ~ systems|"
     "propose ~ architecture|propose ~ schema*|propose ~ structure|propose ~ design|propose ~ interfaces|"
     "sketch ~ architecture|describe ~ architecture|outline ~ architecture|define ~ architecture|"
     "define ~ interfaces|define ~ components|define ~ modules|define the api*|define ~ boundaries|"
     "lay out ~ infrastructure|lay out ~ architecture|lay out ~ modules|design how to|how would you architect|"
     "how should we structure|how should i structure|how should ~ be structured|how would you design|"
     "how should we design|how should i design|how to structure|architecture for|module layout|"
     "service boundaries|system architecture|overall structure|project structure|"
     "component diagram|sequence diagram|class diagram|list of services|technology choices|recommend a stack|"
     "recommend ~ stack|tech stack|technology stack|architecture of|draw up ~ architecture|blueprint|folder layout|"
     "folder structure|directory layout|directory structure|structure a ~ app|structure an ~ app|structure my|"
     "structure our|roadmap|module boundaries|list of steps|ordered list of ~ steps|checklist of ~ subtasks|"
     "checklist of ~ tasks|decomposing|decomposition|turn requirements into|lets plan|let s plan|"
     "plan the ~ migration|plan the ~ refactoring|plan the ~ implementation|plan the ~ rollout|plan how to|plan out|"
     "domain model|er diagram|entity relationship|api contract|api design|list the resources|the files affected|"
     "critical files|describe how to modify|provide direction to"},
    {architect, task, 5,
     "no source code|big picture|before touching|before coding|before implementing|before we write|"
     "how would you split|split ~ into services"},
    {architect, task, 4,
     "software architecture|architectures|"
     "state management|phases|storage choices|event driven|event sourced|event sourcing|scalability|"
     "estimate for each|trade offs|tradeoffs|trade off|database schema|data model|data flow|alternatives considered|"
     "decision drivers|compare at least two|milestones|acceptance criteria|user stories|monolith|microservice*|"
     "which components|non functional|no code yet|before any code|scalable|subtasks|next steps|clarifying questions|"
     "storage options|what should the ~ look like|components ~ interfaces"},
    {architect, sign, 13,
     "plan mode is active|in plan mode|in planning mode|you are in plan mode|you only plan|only plan and delegate|"
     "design before code|design before any code|do not implement anything yet"},
    // ---- none of the four
    {none, noun, 14,
     "building architect*|landscape architect*|naval architect*|architect office|interior designer|"
     "interior architect|fashion designer|graphic designer|game designer|floral designer|jewelry designer|"
     "logo designer|travel planner|trip planner|wedding planner|event planner|party planner|meal planner|"
     "menu planner|financial planner|city planner|urban planner|lesson planner|fitness planner|diet planner|"
     "study planner|film critic|movie critic|music critic|food critic|art critic|restaurant critic|literary critic|"
     "wine critic|theater critic|theatre critic|film reviewer|movie reviewer|book reviewer|restaurant reviewer|"
     "food reviewer|game reviewer|product reviewer|product tester|taste tester|food tester|game tester|wine taster|"
     "medical coder|certified medical coder|medical billing *|clinical coder|billing coder|real estate developer*|"
     "property developer*|business developer|business development *|land developer|curriculum developer|"
     "network router|wi fi router|wifi router|router support|network shop|civil engineer|sound engineer|"
     "audio engineer|mechanical engineer|electrical engineer|train engineer|flight engineer|structural engineer|"
     "chemical engineer|prompt engineer|network engineer|sales engineer|hvac engineer|professional translator|"
     "interpreter|translation *|title generator|summarizer|summariser|copywriter|copy editor|novelist|poet|"
     "storyteller|story teller|creative writing *|content writer|blogger|travel agent|travel assistant|travel guide|"
     "tour guide|chef|cook|nutritionist|doctor|nurse|lawyer|legal *|financial auditor|tax auditor|energy auditor|"
     "accountant|financial *|math tutor|english tutor|language tutor|therapist|web search agent|web surfer|"
     "websurfer|search agent|customer support *|customer service *|support agent|support bot|sales *|marketing *|"
     "seo *|data entry *|librarian|historian|emergency dispatcher|taxi dispatcher|truck dispatcher|"
     "freight dispatcher|hospital triage *|nurse triage *|medical triage *|social media *|journalist|news *|"
     "game master|dungeon master|weather *|stock *|investment *|pirate|email assistant|recipe *|philosopher|"
     "comedian|assistant that summari*|assistant that translat*|assistant tasked with summari*"},
    {none, noun, 6,
     "ux designer|ui designer|ui ux designer|data analyst|scientist|data scientist|researcher|research agent|writer|"
     "technical writer|teacher|tutor|professor|coach|instructor|mentor|translator|analyst"},
    {none, task, 7,
     "rewrite the text|rewrite text|rewrites text|rewrite ~ email|translate|translates|translation|summarize|"
     "summarise|summary of|summarizes|summaries|travel plan|trip|itinerary|meal plan|workout plan|lesson plan|"
     "business plan|marketing plan|diet plan|training plan|study plan|poem|short story|short stories|haiku|"
     "essay about|blog post|cover letter|email to|recipe|recipes|extract name|sentiment|proofread|paraphrase|"
     "commit message|release notes|driving test|dress code|country code|zip code|promo code|coupon code|morse code|"
     "personality test|blood test|covid test|code of conduct|building code|area code|discount code|changelog"},
    {none, sign, 14,
     "concise ~ title|generate a ~ title|generate ~ title for|title for this|title for the|thread title|short title|"
     "conversation title|broad tags|generate ~ tags|follow up questions|summarizing the chat|"
     "summarize the conversation|summarise the conversation|summary of the conversation|summary of our conversation|"
     "summarize this conversation|summarizing conversations|search queries|autocompletion system|emoji that"},
};

}  // namespace

std::span<const Words> english_words() { return english_table; }

}  // namespace rr::api
