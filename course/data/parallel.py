"""Ten everyday sentences of our own in seven languages and five scripts; a toy dictionary of three languages.

The toy plays a multilingual encoder with one weak language: English and German words of one meaning share a direction,
Russian ones share only a third of theirs, and say loudly that they are Russian. Its words are written as section 26's
`fold` gives them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

PARALLEL = {
    "English": [
        "The train leaves at nine in the morning.",
        "My sister lives in a small village by the sea.",
        "It has been raining since Monday.",
        "Can you help me find the key to the kitchen?",
        "The children are playing in the garden.",
        "We drink coffee with milk every morning.",
        "The doctor said that I should sleep more.",
        "How much does this blue shirt cost?",
        "She wrote a long letter to her old teacher.",
        "The school is closed because of the snow."],
    "German": [
        "Der Zug fährt um neun Uhr morgens ab.",
        "Meine Schwester wohnt in einem kleinen Dorf am Meer.",
        "Es regnet seit Montag.",
        "Kannst du mir helfen, den Schlüssel zur Küche zu finden?",
        "Die Kinder spielen im Garten.",
        "Wir trinken jeden Morgen Kaffee mit Milch.",
        "Der Arzt sagte, dass ich mehr schlafen soll.",
        "Wie viel kostet dieses blaue Hemd?",
        "Sie schrieb ihrem alten Lehrer einen langen Brief.",
        "Die Schule ist wegen des Schnees geschlossen."],
    "French": [
        "Le train part à neuf heures du matin.",
        "Ma sœur habite dans un petit village au bord de la mer.",
        "Il pleut depuis lundi.",
        "Peux-tu m'aider à trouver la clé de la cuisine ?",
        "Les enfants jouent dans le jardin.",
        "Nous buvons du café au lait chaque matin.",
        "Le médecin a dit que je devrais dormir davantage.",
        "Combien coûte cette chemise bleue ?",
        "Elle a écrit une longue lettre à son ancien professeur.",
        "L'école est fermée à cause de la neige."],
    "Chinese": [
        "火车早上九点出发。",
        "我姐姐住在海边的一个小村庄里。",
        "从星期一开始一直在下雨。",
        "你能帮我找厨房的钥匙吗？",
        "孩子们在花园里玩。",
        "我们每天早上喝加牛奶的咖啡。",
        "医生说我应该多睡觉。",
        "这件蓝色衬衫多少钱？",
        "她给她以前的老师写了一封长信。",
        "学校因为下雪关门了。"],
    "Russian": [
        "Поезд отправляется в девять часов утра.",
        "Моя сестра живёт в маленькой деревне у моря.",
        "Дождь идёт с понедельника.",
        "Ты можешь помочь мне найти ключ от кухни?",
        "Дети играют в саду.",
        "Каждое утро мы пьём кофе с молоком.",
        "Врач сказал, что мне нужно больше спать.",
        "Сколько стоит эта синяя рубашка?",
        "Она написала длинное письмо своему старому учителю.",
        "Школа закрыта из-за снега."],
    "Greek": [
        "Το τρένο φεύγει στις εννιά το πρωί.",
        "Η αδελφή μου μένει σε ένα μικρό χωριό δίπλα στη θάλασσα.",
        "Βρέχει από τη Δευτέρα.",
        "Μπορείς να με βοηθήσεις να βρω το κλειδί της κουζίνας;",
        "Τα παιδιά παίζουν στον κήπο.",
        "Κάθε πρωί πίνουμε καφέ με γάλα.",
        "Ο γιατρός είπε ότι πρέπει να κοιμάμαι περισσότερο.",
        "Πόσο κοστίζει αυτό το μπλε πουκάμισο;",
        "Έγραψε ένα μακρύ γράμμα στον παλιό της δάσκαλο.",
        "Το σχολείο είναι κλειστό λόγω του χιονιού."],
    "Hindi": [
        "ट्रेन सुबह नौ बजे निकलती है।",
        "मेरी बहन समुद्र के किनारे एक छोटे से गाँव में रहती है।",
        "सोमवार से बारिश हो रही है।",
        "क्या तुम रसोई की चाबी ढूँढने में मेरी मदद कर सकते हो?",
        "बच्चे बगीचे में खेल रहे हैं।",
        "हम हर सुबह दूध वाली कॉफ़ी पीते हैं।",
        "डॉक्टर ने कहा कि मुझे ज़्यादा सोना चाहिए।",
        "यह नीली कमीज़ कितने की है?",
        "उसने अपने पुराने शिक्षक को एक लंबा पत्र लिखा।",
        "बर्फ़ के कारण स्कूल बंद है।"],
}
REWORDED = [  # the English sentences in other words
    "At 9 a.m. the train departs.",
    "A little place on the coast is where my sister has her home.",
    "The rain started on Monday and has not stopped.",
    "I am looking for the kitchen key, would you lend me a hand?",
    "Out in the garden the kids are having fun.",
    "Every day begins with a cup of white coffee for us.",
    "I need more sleep, according to my physician.",
    "What is the price of that shirt, the blue one?",
    "Her former teacher received many pages from her.",
    "There are no lessons today, it has snowed too much."]
SCRIPT = {"English": "Latin", "German": "Latin", "French": "Latin", "Chinese": "Han", "Russian": "Cyrillic",
          "Greek": "Greek", "Hindi": "Devanagari"}

# meaning -> (English, German, Russian), folded
LEXICON = [("key", "schlussel", "ключ"), ("kitchen", "kuche", "кухня"), ("snow", "schnee", "снег"),
           ("school", "schule", "школа"), ("doctor", "arzt", "врач"), ("letter", "brief", "письмо"),
           ("train", "zug", "поезд"), ("garden", "garten", "сад"), ("milk", "milch", "молоко"),
           ("shirt", "hemd", "рубашка"), ("sea", "meer", "море"), ("rain", "regen", "дождь")]
LANGS = ("en", "de", "ru")
SHARED = (1.0, 1.0, 0.3)  # how much of a word's direction is that of its meaning; the rest belongs to its language
LOUD = (0.1, 0.1, 0.5)  # how much of a word only tells its language
WIDTH = 2 * len(LEXICON) + 3


def toy_embed(texts: Sequence[str]) -> Tensor:
    """(N, 27) float64: for each known word its meaning's direction, as far as its language shares it; and its language.

    Words are known in their folded form alone, and a text is told by its words, so a prefix such as "query: " adds nothing.
    """
    out = torch.zeros(len(texts), WIDTH, dtype=torch.float64)
    for i, text in enumerate(texts):
        for word in text.split():
            for meaning, forms in enumerate(LEXICON):
                for lang, form in enumerate(forms):
                    if word == form:
                        out[i, meaning] += SHARED[lang]
                        out[i, len(LEXICON) + meaning] += 1 - SHARED[lang]
                        out[i, 2 * len(LEXICON) + lang] += LOUD[lang]
    return out


def toy_translate(text: str, source: str, target: str) -> str | None:
    """Word by word, unknown words left out; None where no word is known."""
    a, b = LANGS.index(source), LANGS.index(target)
    found = [forms[b] for word in text.casefold().replace("ü", "u").split() for forms in LEXICON if forms[a] == word]
    return " ".join(found) or None
